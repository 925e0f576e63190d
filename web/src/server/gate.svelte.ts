/** The gate of a server that asks for a key: what is asked for waits before it until the visitor has given one. */

const KEPT = "moxu.key";

class Gate {
  /** Whether somebody waits before it. */
  closed = $state(false);
  /** Whether a key was given, and it was a wrong one. */
  refused = $state(false);
  private waiting: (() => void)[] = [];

  /** The key; it is kept for this tab only. */
  get key(): string {
    return globalThis.sessionStorage?.getItem(KEPT) ?? "";
  }

  /** Wait until there is another key than the one that was refused. */
  async pass(used: string): Promise<void> {
    if (this.key !== used) return;
    this.refused = used !== "";
    this.closed = true;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Let all who wait try with this key. */
  open(key: string): void {
    sessionStorage.setItem(KEPT, key);
    this.closed = false;
    for (const go of this.waiting.splice(0)) go();
  }
}

export const gate = new Gate();
