/** What the server does not have yet, kept in this browser: it outlives the page, a crash of it, and a server that is away. */
import type { Span } from "../page/ink";

export interface Draft {
  text: string;
  spans: readonly Span[];
  /** The revision that the text was edited from. */
  base: number;
  /** When the chapter was made: another server may have another chapter of the same number. */
  of: string;
  /** Checks of texts that were sent without an answer: one of them may be the store's newest. */
  sent: readonly string[];
  /** When it was kept, in milliseconds since 1970. */
  at: number;
}

type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** The drafts of this page and of others, which do not overwrite each other's. */
export class Drafts {
  /**
   * @param page the name of this page among all that are open
   * @param others gives the names of the pages that are open: their drafts are their own
   */
  constructor(
    private readonly kept: Keeper,
    private readonly page: string,
    private readonly others: () => Promise<ReadonlySet<string>> = async () => new Set(),
  ) {}

  /** Keep a draft; false where the browser has no room for it. */
  keep(chapter: number, draft: Draft): boolean {
    try {
      this.kept.setItem(this.name(chapter), JSON.stringify(draft));
      return true;
    } catch (error) {
      if (error instanceof DOMException) return false;
      throw error;
    }
  }

  /** Forget this page's draft. */
  forget(chapter: number): void {
    this.kept.removeItem(this.name(chapter));
  }

  /**
   * Return the newest draft of a chapter that was made at `of`, this page's own or one of a page that is closed, and
   * make it this page's.
   */
  async take(chapter: number, of: string): Promise<Draft | null> {
    const open = await this.others();
    const prefix = `moxu.draft.${chapter}.`;
    const found = Array.from({ length: this.kept.length }, (_, index) => this.kept.key(index) ?? "")
      .filter((name) => name.startsWith(prefix) && !open.has(name.slice(prefix.length)))
      .map((name) => ({ name, draft: parsed(this.kept.getItem(name)) }))
      .filter(({ draft }) => !draft || draft.of === of)
      .sort((a, b) => (b.draft?.at ?? 0) - (a.draft?.at ?? 0));
    const newest = found[0]?.draft;
    if (!newest || this.keep(chapter, newest)) {
      for (const { name } of found) if (name !== this.name(chapter)) this.kept.removeItem(name);
    }
    return newest ?? null;
  }

  /** Return the chapters that there are drafts of, this page's and those of pages that are closed. */
  async chapters(): Promise<number[]> {
    const open = await this.others();
    const names = Array.from({ length: this.kept.length }, (_, index) => this.kept.key(index)?.split(".") ?? []);
    const ours = names.filter(
      ([product, kind, , page]) => `${product}.${kind}` === "moxu.draft" && !open.has(page ?? ""),
    );
    return [...new Set(ours.map(([, , chapter]) => Number(chapter)))];
  }

  private name(chapter: number): string {
    return `moxu.draft.${chapter}.${this.page}`;
  }
}

function parsed(json: string | null): Draft | null {
  try {
    const draft = JSON.parse(json ?? "null") as Partial<Draft> | null;
    if (typeof draft?.text !== "string" || typeof draft.base !== "number" || typeof draft.of !== "string") return null;
    return { spans: [], sent: [], at: 0, ...draft } as Draft;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
