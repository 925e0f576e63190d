/** The desk: the one object that holds its parts, and tells each what happens on the page. */
import type { Text } from "@codemirror/state";
import type { EditorView, ViewUpdate } from "@codemirror/view";
import { getContext, setContext } from "svelte";
import { chapterState, type PageEvents } from "./page/editor";
import type { Span } from "./page/ink";
import { createChapter, createStory, getChapter, getState, listChapters, listStories } from "./server/api";
import type { Chapter, ServerState } from "./server/types";
import { ServerError, ServerGone } from "./server/client";
import { Look } from "./look.svelte";
import { Lore } from "./companion/lore.svelte";
import { Seeing } from "./companion/sight.svelte";
import { Drafts } from "./saving/drafts";
import { titleOf } from "./saving/edits";
import { sendLeftBehind } from "./saving/left-behind";
import { Neighbours, otherPages, pageName } from "./saving/neighbours";
import { Saving } from "./saving/saving.svelte";
import { Shelf } from "./shelf/shelf.svelte";
import { Why } from "./why/why.svelte";
import { speech } from "./words/words.svelte";
import { Writing } from "./writing/writing.svelte";

/** A part of the desk. Each of these is called when it happens; a part has those that it needs. */
export interface Part extends Partial<PageEvents> {
  /** A chapter was opened: the editor holds it. */
  opened?(chapter: Chapter): void;
  /** What the author began on an empty desk has become a chapter, which is empty in the store. */
  adopted?(chapter: Chapter): void;
  /** The chapter is about to be closed; what has to be done before is awaited. */
  closing?(): Promise<void>;
}

export class Desk implements PageEvents {
  readonly look = new Look();
  /** The open chapter as the store gave it; its text is the editor's since then. */
  chapter = $state.raw<Chapter | null>(null);
  /** What the page's editor begins with; another one is another chapter. */
  page = $state.raw(chapterState("", [], this, speech.words.page, speech.words.search));
  view = $state.raw<EditorView | null>(null);
  /** The text on the page, as it is now. */
  text = $state.raw<Text>(this.page.doc);
  /** What the server has to write with; null until it has answered. */
  state = $state.raw<ServerState | null>(null);
  /** Which of the companion's tabs is shown. */
  tab = $state<"candidates" | "sight" | "lore" | "why" | "settings">("candidates");
  /** Which of the three places a narrow screen shows. */
  pane = $state<"shelf" | "page" | "companion">("page");
  /** What of the frame's own lies over the desk. */
  shows = $state<"keys" | "interfaces" | "conflict" | null>(null);
  /** Whether the server does not answer at all, so that the desk cannot be laid. */
  away = $state(false);
  private readonly parts: Part[] = [];
  private readonly drafts: Drafts;
  private turns = 0;

  readonly writing = this.add(new Writing(this));
  readonly seeing = this.add(new Seeing(this));
  readonly lore = this.add(new Lore(this));
  readonly why = this.add(new Why(this));
  readonly shelf = this.add(new Shelf(this));
  readonly saving: Saving;

  constructor() {
    const page = pageName();
    const neighbours = new Neighbours((saved) => void this.saving.freshen(saved));
    this.drafts = new Drafts(localStorage, page, () => otherPages(page));
    this.saving = this.add(
      new Saving(this, this.drafts, {
        saved: (chapter) => this.shelf.saved(chapter),
        back: () => void this.sendLeftBehind(),
        tell: (saved) => neighbours.tell(saved),
      }),
    );
  }

  /** Ask the server what there is, and open what was open. */
  async start(): Promise<void> {
    this.state = await this.firstState();
    this.writing.settings.presets = this.state.presets;
    this.writing.settings.own = this.state.model?.preset ?? "normal";
    await this.shelf.start();
    if (!this.chapter) await this.recallUnnamed();
    await this.sendLeftBehind();
    while (!this.state.model) {
      await pause();
      this.state = await getState().catch(() => this.state!); // whoever writes meanwhile is told by what is written
    }
    this.writing.settings.own = this.state.model.preset;
  }

  /** Ask at once whether the server is back. */
  again: () => void = () => {};

  /** Let a part be told what happens. */
  add<T extends Part>(part: T): T {
    this.parts.push(part);
    return part;
  }

  /** Put a chapter on the page, after the parts have let go of the one before. */
  async open(chapter: Chapter): Promise<void> {
    const turn = ++this.turns;
    await this.close();
    const draft = await this.saving.recall(chapter);
    if (turn !== this.turns) return; // another one was opened meanwhile
    this.chapter = chapter;
    this.lay(draft?.text ?? chapter.text, draft?.spans ?? chapter.spans ?? []);
    for (const part of this.parts) part.opened?.(chapter);
  }

  /** Let go of the open chapter, and leave an empty page. */
  async clear(): Promise<void> {
    const turn = ++this.turns;
    await this.close();
    if (turn !== this.turns) return;
    this.lay("", []);
  }

  /** Let what is on the page, which was begun on an empty desk, be a chapter: a new and empty one. */
  adopt(chapter: Chapter): void {
    this.chapter = chapter;
    for (const part of this.parts) part.adopted?.(chapter);
  }

  /** Let what is on the page, whose chapter was deleted elsewhere, be a new chapter of its story, or of a new one. */
  keepAsNew(): Promise<unknown> {
    const { chapter, shelf } = this;
    const title = titleOf(this.text);
    return shelf.notice.attempt(async () => {
      if (!chapter) return;
      const stories = await listStories();
      const story = stories.find((one) => one.id === chapter.story) ?? (await createStory(title));
      const { id } = await createChapter(story.id, { title });
      this.adopt(await getChapter(id));
      await this.saving.save();
      await shelf.refresh();
      shelf.list(story.id, await listChapters(story.id));
    });
  }

  /** Let go of the open chapter. */
  async close(): Promise<void> {
    for (const part of this.parts) await part.closing?.();
    this.chapter = null;
  }

  private lay(text: string, spans: readonly Span[]): void {
    this.view = null; // that of the page before, which is gone in a moment
    this.page = chapterState(text, spans, this, speech.words.page, speech.words.search);
    this.text = this.page.doc;
  }

  /** Ask until the server answers. */
  private async firstState(): Promise<ServerState> {
    for (;;) {
      try {
        const state = await getState();
        this.away = false;
        return state;
      } catch (error) {
        if (!(error instanceof ServerGone || (error instanceof ServerError && error.status >= 500))) throw error;
        this.away = true;
        await Promise.race([pause(), new Promise<void>((resolve) => (this.again = resolve))]);
      }
    }
  }

  private async recallUnnamed(): Promise<void> {
    const draft = await this.saving.recallUnnamed();
    const { view } = this;
    if (draft && view && !this.text.length) view.dispatch({ changes: { from: 0, insert: draft.text } });
  }

  /** Send what was left of chapters that are not open. */
  private sendLeftBehind(): Promise<void> {
    return sendLeftBehind(this.drafts, (chapter) => chapter === this.chapter?.id);
  }

  changed(update: ViewUpdate): void {
    this.text = update.state.doc;
    for (const part of this.parts) part.changed?.(update);
  }

  accepted(): void {
    for (const part of this.parts) part.accepted?.();
  }

  moved(position: number): void {
    for (const part of this.parts) part.moved?.(position);
  }

  clicked(position: number): void {
    for (const part of this.parts) part.clicked?.(position);
  }
}

const AGAIN = 2000; // milliseconds

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, AGAIN));

const DESK = Symbol("desk");

/** Put the desk where all components below find it. */
export const layDesk = (desk: Desk): Desk => setContext(DESK, desk);

/** Return the desk that this component is part of. */
export const theDesk = (): Desk => getContext<Desk>(DESK);
