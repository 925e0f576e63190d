/** Other pages of this desk in the same browser: which are open, and what they have saved. */

const CHANNEL = "moxu.saved";
const LOCK = "moxu.page.";

/** A chapter that another page has saved. */
export interface Saved {
  chapter: number;
  revision: number;
}

/** Return a name for this page, which others see for as long as it is open. */
export function pageName(): string {
  const name = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("");
  // The lock is held until the page is closed, or has crashed. Pages of other machines without TLS have no locks.
  void navigator.locks?.request(LOCK + name, () => new Promise<never>(() => {}));
  return name;
}

/** Return the names of the pages that are open, but for this one. */
export async function otherPages(own: string): Promise<ReadonlySet<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  const names = held.map((lock) => lock.name ?? "").filter((name) => name.startsWith(LOCK));
  return new Set(names.map((name) => name.slice(LOCK.length)).filter((name) => name !== own));
}

/** Tells the other pages what was saved here, and hears what they have saved. */
export class Neighbours {
  private readonly channel = new BroadcastChannel(CHANNEL);

  constructor(onsaved: (saved: Saved) => void) {
    this.channel.onmessage = (event: MessageEvent<Saved>) => onsaved(event.data);
  }

  tell(saved: Saved): void {
    this.channel.postMessage(saved);
  }
}
