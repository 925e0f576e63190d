/** As much of the desk as saving knows, for the tests: one editor without a browser, over a server that is made up. */
import { history } from "@codemirror/commands";
import { EditorState, type TransactionSpec } from "@codemirror/state";
import type { EditorView, ViewUpdate } from "@codemirror/view";
import { vi } from "vitest";
import { inkOfSpans, type Span } from "../page/ink";
import { Drafts } from "./drafts";
import { FakeServer } from "./fake-server";
import { Saving } from "./saving.svelte";

/** What the pages of one browser share. */
export class Browser {
  server = new FakeServer();
  readonly memory = new Memory();
  readonly told = vi.fn();

  constructor() {
    vi.useFakeTimers();
    this.reach(this.server);
  }

  /** Let this be the server that the pages find. */
  reach(server: FakeServer): void {
    this.server = server;
    vi.stubGlobal("fetch", server.fetch);
  }

  /** Open a page; `open` are the names of others that are. */
  page(name = "one", open: string[] = []): FakeDesk {
    return new FakeDesk(this, new Drafts(this.memory, name, async () => new Set(open)));
  }

  /** Let some time go by. */
  later(milliseconds: number): Promise<unknown> {
    return vi.advanceTimersByTimeAsync(milliseconds);
  }

  close(): void {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }
}

export class FakeDesk {
  page = EditorState.create({ doc: "" });
  view: EditorView | null = null;
  readonly saving: Saving;

  constructor(
    private readonly browser: Browser,
    drafts: Drafts,
  ) {
    this.saving = new Saving(this, drafts, { saved: () => {}, tell: browser.told, back: () => {} });
  }

  async open(id: number): Promise<void> {
    await this.saving.closing();
    this.view = null;
    const chapter = this.browser.server.chapter(id);
    const draft = await this.saving.recall(chapter);
    this.show(draft?.text ?? chapter.text, draft?.spans ?? chapter.spans ?? []);
    this.saving.opened(chapter);
  }

  show(text: string, spans: readonly Span[] = []): void {
    this.page = EditorState.create({ doc: text, extensions: [history(), inkOfSpans(spans, text.length)] });
    let state = this.page;
    const dispatch = (spec: TransactionSpec): void => {
      const startState = state;
      const transaction = startState.update(spec);
      const { changes, docChanged } = transaction;
      state = transaction.state;
      const update = { startState, state, changes, docChanged, transactions: [transaction] };
      this.saving.changed(update as unknown as ViewUpdate);
    };
    this.view = Object.defineProperty({ dispatch }, "state", { get: () => state }) as unknown as EditorView;
  }

  type(text: string, at = this.text.length): void {
    this.view!.dispatch({ changes: { from: at, insert: text } });
  }

  get text(): string {
    return this.view!.state.doc.toString();
  }
}

/** A browser's memory, which may be full. */
export class Memory implements Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length"> {
  readonly kept = new Map<string, string>();
  full = false;
  get length() {
    return this.kept.size;
  }
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  getItem = (name: string) => this.kept.get(name) ?? null;
  removeItem = (name: string) => void this.kept.delete(name);
  setItem(name: string, value: string) {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.kept.set(name, value);
  }
}
