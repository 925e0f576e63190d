/**
 * Everything that is typed is saved: some moments after, as what was changed, and the page says so when it is on the
 * server's disk. While the server is away, edits wait here; who has changed the chapter elsewhere is not overwritten.
 */
import { ChangeSet, type EditorState, Text } from "@codemirror/state";
import type { ViewUpdate } from "@codemirror/view";
import type { Desk, Part } from "../desk.svelte";
import { inkSpans, setInk, type Span } from "../page/ink";
import { getChapter, listRevisions, renameChapter } from "../server/api";
import type { Chapter, ChapterEntry } from "../server/types";
import type { Draft, Drafts } from "./drafts";
import { checkOf, titleOf } from "./edits";
import { changeBetween, replacing } from "./replacing";
import { type Failure, failureOf, sendText } from "./sending";

/** `busy`: the server is there, and cannot just now; `missing`: the chapter is no more. */
export type SavingStatus = "saved" | "unsaved" | "saving" | "offline" | "busy" | "conflict" | "missing" | "refused";

/** What is told of a chapter that was saved. */
export interface Listener {
  /** Its title, its length or its revision is another. */
  saved(chapter: ChapterEntry): void;
  /** The server was away, and is back. */
  back(): void;
  /** The other pages may take the text up. */
  tell(saved: { chapter: number; revision: number }): void;
}

const SOON = 800; // milliseconds after the last key
const LATEST = 4000; // after the first
const RETRIES = [1000, 2000, 4000, 8000, 15000];
/** The number that the text of an empty desk is kept by, until it is a chapter. */
const UNNAMED = 0;

type Paper = Pick<Desk, "page" | "view">;

export class Saving implements Part {
  status = $state<SavingStatus>("saved");
  savedAt = $state.raw<Date | null>(null);
  /** What the store has, where it is neither what the page has nor what that was made from. */
  theirs = $state.raw<Chapter | null>(null);
  /** Why the server refuses the text, where it does. */
  refusal = $state.raw<{ code: string | null; message: string } | null>(null);

  private chapter: ChapterEntry | null = null;
  private state: EditorState;
  /** What was changed since the chapter's revision; null where that is not known, and the whole text is sent. */
  private pending: ChangeSet | null = null;
  private dirty = false;
  /** The text that is being sent. */
  private flying: Text | null = null;
  /** Checks of texts that were sent without an answer. */
  private unanswered: string[] = [];
  private titleOwed = false;
  /** Whether the change on the page is the store's own text. */
  private taking = false;
  private draft: Draft | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private firstChange = 0;
  private failures = 0;
  private running: Promise<void> | null = null;

  constructor(
    private readonly desk: Paper,
    private readonly drafts: Drafts,
    private readonly listener: Listener,
  ) {
    this.state = desk.page;
  }

  /** The open chapter as it was saved last; null where none is open. */
  get saved(): ChapterEntry | null {
    return this.chapter;
  }

  /** The revision that was saved last. */
  get revision(): number | null {
    return this.chapter?.revision ?? null;
  }

  /** Whether the server may not have all of the text. */
  private get unsettled(): boolean {
    return this.dirty || this.flying !== null;
  }

  /** Return what this browser still has of a chapter that is about to be opened; the page shows that instead. */
  async recall(chapter: Chapter): Promise<Draft | null> {
    const draft = await this.drafts.take(chapter.id, chapter.created);
    this.draft = draft?.text === chapter.text ? null : draft;
    if (!this.draft) this.drafts.forget(chapter.id);
    return this.draft;
  }

  /** Return what was begun on an empty desk and never became a chapter. */
  async recallUnnamed(): Promise<Draft | null> {
    return this.drafts.take(UNNAMED, "");
  }

  opened(chapter: Chapter): void {
    const { draft } = this;
    this.hold(chapter);
    this.savedAt = new Date(chapter.updated);
    this.draft = null;
    if (!draft) return;
    this.dirty = true;
    this.pending = null;
    this.unanswered = [...draft.sent];
    if (draft.base === chapter.revision || this.isOurs(chapter)) return this.saveIn(0);
    this.chapter = { ...chapter, revision: draft.base };
    this.theirs = chapter;
    this.status = "conflict";
  }

  adopted(chapter: Chapter): void {
    const before = this.chapter?.id ?? UNNAMED;
    this.hold(chapter);
    this.dirty = true;
    this.pending = null;
    if (this.keepDraft()) this.drafts.forget(before);
    this.saveIn(0);
  }

  changed(update: ViewUpdate): void {
    const known = update.startState.doc === this.state.doc;
    this.state = update.state;
    if (update.docChanged) this.pending = known && this.pending ? this.pending.compose(update.changes) : null;
    const inked = update.transactions.some((one) => one.effects.some((effect) => effect.is(setInk)));
    if (this.taking || !(update.docChanged || inked)) return;
    this.dirty = true;
    if (this.chapter && (this.status === "saved" || this.status === "unsaved" || this.status === "refused")) {
      this.firstChange ||= Date.now();
      this.saveIn(Math.min(SOON, Math.max(0, this.firstChange + LATEST - Date.now())));
    } else {
      clearTimeout(this.keeping);
      this.keeping = setTimeout(() => this.unsettled && this.keepDraft(), SOON);
    }
  }

  /** Send what is not saved yet, or keep it here; what is typed meanwhile, too. */
  async closing(): Promise<void> {
    await this.save();
    if (this.dirty && this.status === "unsaved") await this.save();
    if (this.chapter && this.dirty) this.keepDraft();
    clearTimeout(this.timer);
    clearTimeout(this.keeping);
    this.chapter = null;
    this.dirty = false;
  }

  /** Save now; what is changed meanwhile is saved after. */
  async save(keepalive = false): Promise<void> {
    clearTimeout(this.timer);
    while (this.running) await this.running;
    const { chapter } = this;
    if (!chapter || this.status === "conflict" || this.status === "missing") return;
    if (!this.dirty && !this.titleOwed) return;
    this.running = (this.dirty ? this.send(chapter, keepalive) : this.retitle(chapter)).finally(
      () => (this.running = null),
    );
    await this.running;
  }

  /** Settle a conflict with a text: the author's, the store's, or one made of both. It can be undone. */
  async settle(text: string): Promise<void> {
    const { theirs, desk } = this;
    if (!theirs || !desk.view) return;
    const { state } = desk.view;
    const mine = state.doc.toString();
    if (text === theirs.text) desk.view.dispatch(replacing(state, text, theirs.spans ?? [], true));
    else if (text !== mine) desk.view.dispatch({ changes: changeBetween(mine, text), userEvent: "input.merge" });
    this.hold(theirs);
    this.savedAt = new Date(theirs.updated);
    if (text === theirs.text) return this.drafts.forget(theirs.id);
    this.dirty = true;
    this.pending = null;
    this.status = "unsaved";
    await this.save();
  }

  /** Take up what was saved elsewhere, unless something is not saved here. */
  async freshen(saved?: { chapter: number; revision: number }): Promise<void> {
    const { chapter } = this;
    if (!chapter || this.unsettled || (saved && (saved.chapter !== chapter.id || saved.revision <= chapter.revision)))
      return;
    try {
      const newest = saved?.revision ?? (await listRevisions(chapter.id, 1)).at(-1)?.number ?? 0;
      if (newest > chapter.revision) this.take(await getChapter(chapter.id));
    } catch (error) {
      failureOf(error); // a save will tell; nothing is lost
    }
  }

  /** Try again at once, where the server was away. */
  retry(): void {
    if (this.status === "offline" || this.status === "busy") this.saveIn(0, this.status);
  }

  /** The page may be closed at any moment: keep what is not saved, and try to send it still. */
  leave(): void {
    if (!this.unsettled) return;
    this.keepDraft();
    if (!this.running) void this.save(true);
  }

  /** Whether something would be lost if the page were closed now. */
  wouldLose(): boolean {
    return this.unsettled && !this.keepDraft();
  }

  private hold(chapter: Chapter): void {
    clearTimeout(this.timer);
    const { desk } = this;
    this.state = desk.view?.state ?? desk.page;
    Object.assign(this, { chapter, status: "saved", theirs: null, refusal: null, failures: 0, firstChange: 0 });
    Object.assign(this, { dirty: false, flying: null, unanswered: [], titleOwed: false });
    this.pending = ChangeSet.empty(this.state.doc.length);
  }

  private take(theirs: Chapter): void {
    const { view } = this.desk;
    if (!view || this.unsettled || this.chapter?.id !== theirs.id || this.chapter.revision >= theirs.revision) return;
    this.taking = true;
    view.dispatch(replacing(view.state, theirs.text, theirs.spans ?? []));
    this.taking = false;
    this.hold(theirs);
    this.savedAt = new Date(theirs.updated);
    this.listener.saved(theirs);
  }

  private async send(chapter: ChapterEntry, keepalive: boolean): Promise<void> {
    const { state, pending } = this;
    const spans: readonly Span[] = inkSpans(state);
    Object.assign(this, { status: "saving", dirty: false, firstChange: 0, flying: state.doc });
    this.pending = ChangeSet.empty(state.doc.length);
    try {
      const saved = await sendText({ chapter, doc: state.doc, spans, changes: pending, keepalive });
      this.chapter = saved;
      if (this.failures) this.listener.back();
      Object.assign(this, { failures: 0, unanswered: [], refusal: null, savedAt: new Date(), flying: null });
      this.drafts.forget(chapter.id);
      if (this.dirty) this.saveIn(SOON);
      else this.status = "saved";
      this.listener.saved(saved);
      this.listener.tell({ chapter: saved.id, revision: saved.revision });
    } catch (error) {
      this.pending = pending && this.pending && pending.compose(this.pending);
      Object.assign(this, { dirty: true, flying: null });
      this.fail(failureOf(error), state.doc);
      return;
    }
    await this.retitle(this.chapter);
  }

  /** The title is the first line; it is not part of a save, and a save does not depend on it. */
  private async retitle(chapter: ChapterEntry): Promise<void> {
    const title = titleOf(this.state.doc);
    this.titleOwed = title !== chapter.title;
    if (!this.titleOwed) return;
    try {
      const entry = await renameChapter(chapter.id, title);
      this.titleOwed = false;
      if (this.chapter?.id === entry.id) this.chapter = { ...this.chapter, title: entry.title };
      this.listener.saved(entry);
    } catch (error) {
      const { kind } = failureOf(error);
      if (kind === "offline" || kind === "busy") this.again();
      else this.titleOwed = false;
    }
  }

  private fail(failure: Failure, doc: Text): void {
    if (failure.kind === "offline" || failure.kind === "busy") {
      this.unanswered.push(checkOf(doc));
      this.status = failure.kind;
      this.again();
    } else if (failure.kind === "conflict" && this.isOurs(failure.theirs)) {
      this.chapter = failure.theirs;
      this.pending = null;
      this.saveIn(0);
    } else if (failure.kind === "conflict") {
      this.theirs = failure.theirs;
      this.status = "conflict";
    } else if (failure.kind === "refused") {
      this.refusal = failure;
      this.status = "refused";
    } else {
      this.status = failure.kind;
    }
    this.keepDraft();
  }

  /** Whether the store has a text that was sent from here, though its answer was lost. */
  private isOurs(theirs: Chapter): boolean {
    return this.unanswered.includes(checkOf(Text.of(theirs.text.split("\n"))));
  }

  private again(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), RETRIES[Math.min(this.failures++, RETRIES.length - 1)]);
  }

  private saveIn(wait: number, status: SavingStatus = "unsaved"): void {
    this.status = status;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), wait);
  }

  private keepDraft(): boolean {
    const { chapter, state, flying, unanswered } = this;
    const sent = flying ? [...unanswered, checkOf(flying)] : unanswered;
    const draft = { text: state.doc.toString(), spans: inkSpans(state), sent, at: Date.now() };
    return this.drafts.keep(chapter?.id ?? UNNAMED, {
      ...draft,
      base: chapter?.revision ?? 0,
      of: chapter?.created ?? "",
    });
  }
}
