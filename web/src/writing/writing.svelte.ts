/**
 * Continue, rewrite, take another candidate, stop. Candidates of one prompt are written side by side; one of them lies
 * on the page in pale ink, in the open passage, until the author accepts it by writing on. Where the page has pale ink
 * a passage is open over it, also after an undo and in a chapter that is opened again.
 */
import type { EditorView, ViewUpdate } from "@codemirror/view";
import type { Desk, Part } from "../desk.svelte";
import { isOfHistory } from "../page/editor";
import { byMachine, stretchAt } from "../page/ink";
import { begin, close, grow, openPassage, paleStretch, reopen, replace } from "../page/passage";
import { Batch, type Ending, type Status } from "./batch.svelte";
import type { Candidate } from "./candidate";
import { Offers } from "./offers.svelte";
import { begins, moved, type Place, standing } from "./place";
import { sceneAt } from "./scene";
import { WritingSettings } from "./settings.svelte";

export class Writing implements Part {
  readonly settings = new WritingSettings();
  /** Which of the candidates lies on the page; -1: none of them. */
  chosen = $state(0);
  readonly offers: Offers;

  /** What was asked for last; its candidates stay until the next. */
  private batch = $state.raw<Batch | null>(null);
  /** What of the passage comes before the candidates: a line break, or a word of the author's choice and what led to it. */
  private kept = "";
  private place: Place | null = null;
  /** Whether a candidate lies on the page already. */
  private begun = false;
  private remembering: Promise<void> = Promise.resolve();

  constructor(private readonly desk: Desk) {
    this.offers = new Offers(desk);
  }

  get status(): Status {
    return this.batch?.status ?? "idle";
  }
  get busy(): boolean {
    return this.status !== "idle";
  }
  get candidates(): readonly Candidate[] {
    return this.batch?.candidates ?? [];
  }
  /** How many requests come first, while it waits. */
  get ahead(): number {
    return this.batch?.ahead ?? 0;
  }
  /** Characters a second, of all candidates together. */
  get speed(): number {
    return this.batch?.speed ?? 0;
  }
  get ending(): Ending | null {
    return this.batch?.ending ?? null;
  }

  /** Write on from the caret. What lies there in pale ink is accepted. */
  async continue(): Promise<void> {
    const view = this.page();
    if (!view) return;
    this.settle();
    const { at, lead } = begins(view.state, view.state.selection.main.to);
    view.dispatch({ selection: { anchor: at } });
    view.dispatch(begin(at));
    await this.write(view, lead);
  }

  /** Ask again where the last pale passage is; it goes when the first character of the next one comes. */
  async rewrite(): Promise<void> {
    const view = this.page();
    if (!view) return;
    this.stop();
    const passage = openPassage(view.state) ?? paleStretch(view.state, view.state.selection.main.head);
    if (!passage) return this.continue();
    if (!openPassage(view.state)) view.dispatch(reopen(passage));
    this.judge(null);
    await this.write(view, begins(view.state, passage.from).lead);
  }

  /** Write the machine's passage anew from one of its places on, with a text of the author's choice there. */
  async rewriteFrom(place: number, chosen: string): Promise<void> {
    const view = this.page();
    const stretch = view && stretchAt(view.state, place);
    if (!view || !stretch) return; // what a person wrote is nobody's to take away
    this.stop();
    this.judge(null);
    const passage = openPassage(view.state);
    const within = passage && passage.from <= place && place < passage.to;
    const { from, to } = within ? passage : stretch.ink === "pale" ? stretch : { from: place, to: stretch.to };
    const before = view.state.sliceDoc(from, to);
    view.dispatch(reopen({ from, to })); // a step of its own: an undo brings back what followed
    view.dispatch({ selection: { anchor: to } });
    const lead = view.state.sliceDoc(from, place) + chosen;
    this.lay(view, lead);
    await this.write(view, lead, before);
  }

  /** Lay another candidate on the page; false where there is none. */
  take(row: number): boolean {
    const view = this.page();
    const candidate = this.candidates[row];
    if (!view || !candidate) return false;
    if (!this.open(view)) this.kept = "";
    this.chosen = row;
    this.lay(view, this.kept + candidate.text);
    return true;
  }

  /** Lay a text on the page that was offered before. */
  takePast(text: string): void {
    const view = this.page();
    if (!view) return;
    this.stop();
    const lead = this.open(view) && this.kept.startsWith("\n") ? "\n" : "";
    this.chosen = this.candidates.findIndex((one) => this.kept + one.text === lead + text);
    this.lay(view, lead + text);
  }

  /** End all candidates where they are; nothing more is added to any of them. */
  stop(): void {
    this.batch?.stop();
  }

  /** Stop, and let the ink dry: what lies on the page is the author's now. */
  settle(): void {
    this.stop();
    const { view } = this.desk;
    const passage = view && openPassage(view.state);
    if (!view || !passage) return;
    if (passage.to > passage.from) this.judge(this.chosen);
    view.dispatch(close(view.state, true));
  }

  opened(): void {
    this.offers.forget();
    const { page } = this.desk;
    const pale = paleStretch(page, page.doc.length);
    if (pale) this.desk.page = page.update(reopen(pale)).state;
  }

  accepted(): void {
    queueMicrotask(() => this.settle()); // the editor is in the midst of an update
  }

  changed(update: ViewUpdate): void {
    const passage = openPassage(update.state);
    if (passage && update.transactions.some((one) => one.annotation(byMachine))) {
      this.place = { ...passage, laid: update.state.sliceDoc(passage.from, passage.to) };
    } else if (update.docChanged) {
      this.place = this.place && moved(this.place, update.changes);
    }
    if (update.docChanged && update.transactions.some(isOfHistory)) queueMicrotask(() => this.follow(update.view));
  }

  /** Stop; the passage stays pale until the author is back. */
  async closing(): Promise<void> {
    this.stop();
    const { view } = this.desk;
    if (view && openPassage(view.state)) view.dispatch(close(view.state, false));
    const { batch } = this;
    if (batch) this.remember(() => this.offers.offer(batch));
    await this.remembering;
    Object.assign(this, { batch: null, place: null, kept: "", chosen: 0 });
  }

  private page(): EditorView | null {
    const { view } = this.desk;
    return view && !view.state.readOnly ? view : null;
  }

  /** Let the server write what follows `lead` in the open passage; `before` stands there again if that fails. */
  private async write(view: EditorView, lead: string, before: string | null = null): Promise<void> {
    const { settings } = this;
    const then = view.state.update(replace(view.state, lead)).state; // as it will be when the first character comes
    const at = openPassage(then)?.to ?? then.selection.main.to;
    const scene = { ...sceneAt(then, at, this.desk.chapter, settings.reach), ...settings.context() };
    const batch = new Batch({ scene, ...settings.wishes() }, lead, (added) => this.grow(view, batch, added));
    Object.assign(this, { batch, kept: lead, chosen: 0, begun: false });
    await batch.write();
    if (this.batch !== batch) return;
    if (!this.begun && this.desk.view === view) this.giveBack(view, before);
    this.remember(() => this.offers.offer(batch));
  }

  private grow(view: EditorView, batch: Batch, added: readonly string[]): void {
    const text = added[this.chosen];
    if (!text || this.batch !== batch || this.desk.view !== view) return;
    view.dispatch(this.begun ? grow(view.state, text) : replace(view.state, this.kept + text));
    this.begun = true;
  }

  /** Where nothing was written, let the page be as it was; a word that the author chose stays, unless it failed. */
  private giveBack(view: EditorView, before: string | null): void {
    const passage = openPassage(view.state);
    if (passage && before !== null && this.ending?.kind !== "stopped") this.lay(view, before);
    else if (passage && passage.from === passage.to) view.dispatch(close(view.state, false));
  }

  /** Open the passage where the candidates were laid, if they still stand there, or else at the caret; false then. */
  private open(view: EditorView): boolean {
    if (openPassage(view.state)) return true;
    const place = this.place && standing(view.state, this.place);
    view.dispatch(reopen(place ?? { from: view.state.selection.main.to, to: view.state.selection.main.to }));
    return place !== null;
  }

  private lay(view: EditorView, text: string): void {
    this.begun = true;
    const passage = openPassage(view.state);
    if (passage && view.state.sliceDoc(passage.from, passage.to) !== text) view.dispatch(replace(view.state, text));
  }

  /** After an undo or a redo a passage is open where pale ink is, and nothing is written any more. */
  private follow(view: EditorView): void {
    this.stop();
    if (this.desk.view !== view) return;
    const pale = paleStretch(view.state, view.state.selection.main.head);
    if (pale) view.dispatch(reopen(pale));
    else if (openPassage(view.state)) view.dispatch(close(view.state, false));
  }

  private judge(row: number | null): void {
    const { batch } = this;
    if (!batch) return;
    this.remember(() => this.offers.offer(batch));
    this.remember(() => this.offers.judge(batch, row));
  }

  /** One after the other: what was offered has to be in the store before it is judged. */
  private remember(what: () => Promise<void>): void {
    this.remembering = this.remembering.then(what);
  }
}
