/**
 * Why this word: how likely the model held what stands in a place of the page, and what else it thought of there.
 * Choosing another word writes on from there.
 */
import { type Extension, StateEffect } from "@codemirror/state";
import { EditorView, type ViewUpdate } from "@codemirror/view";
import { untrack } from "svelte";
import type { Desk, Part } from "../desk.svelte";
import { stretchAt } from "../page/ink";
import { setFrame, tint, tintField } from "../page/tint";
import { type Alternative, alternativesOf, onPage } from "./alternatives";
import { Foresight } from "./foresight.svelte";
import type { Stretch } from "./readings";
import { firstDifference, readingAt } from "./stretches";
import { Tinting } from "./tinting.svelte";

/** A place that is told about; at the end of the chapter nothing stands in it. */
export interface Shown extends Stretch {
  text: string;
  logprob: number | null;
  alternatives: Alternative[];
  /** What is on the page on either side. */
  before: string;
  after: string;
  /** Whether one of the alternatives may be chosen: nothing of the author's would go. */
  choosable: boolean;
}

const AROUND = 6; // characters on either side
const PATIENCE = 150; // milliseconds for which the caret stands still before the server is asked
const SOON = 500; // milliseconds after an edit

export class Why implements Part {
  readonly foresight: Foresight;
  readonly tinting: Tinting;
  shown = $state.raw<Shown | null>(null);
  /** Whether the model reads just now, so that the place can be told about. */
  reading = $state(false);
  /** Whether the author wants to go into the list, as soon as it is there. */
  entering = $state(false);

  private place: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked: { stretch: Stretch; controller: AbortController } | null = null;

  constructor(private readonly desk: Desk) {
    this.foresight = new Foresight(desk);
    this.tinting = new Tinting(desk, this.foresight);
  }

  /** Be there while somebody looks on; to be called in an effect. */
  attend(): void {
    const { view, tab, writing } = this.desk;
    const looksOn = this.tinting.on || tab === "why";
    void writing.busy; // when it ends, there is text to be read
    untrack(() => {
      if (tab === "lore" || tab === "settings") this.foresight.forget(); // what is read may be changed there
      if (tab !== "why") this.close(); // the frame goes, tints stay
      if (!view || !looksOn) return;
      if (!view.state.field(tintField, false)) {
        view.dispatch({ effects: StateEffect.appendConfig.of(this.extension()) });
      }
      this.tinting.soon();
    });
  }

  opened(): void {
    this.lose();
    this.foresight.forget();
  }

  accepted(): void {
    this.tinting.soon();
  }

  changed(update: ViewUpdate): void {
    const difference = firstDifference(update.changes, update.startState.doc, update.state.doc);
    this.foresight.changed(update, difference);
    if (!update.docChanged) return;
    this.tinting.soon();
    if (this.place === null) return;
    const { shown } = this;
    const stays = difference >= (shown?.text ? shown.to : this.place + 1);
    if (!stays) this.place = update.changes.mapPos(this.place, 1);
    if (!stays) this.shown = null;
    if (!stays || update.changes.touchesRange(0, this.place + 1)) this.show(this.place, SOON);
  }

  /** A click on the machine's ink asks, and with the tab open a click on any character. */
  clicked(position: number): void {
    const { view, look } = this.desk;
    if (!view) return;
    const place = Math.max(0, position);
    if (this.desk.tab !== "why") {
      const letter = view.state.sliceDoc(place, place + 1);
      if (!look.inkShown || !letter.trim() || !stretchAt(view.state, place)) return;
      this.desk.tab = "why";
    }
    this.show(place);
  }

  /** Go into the list, from the page. */
  enter(): void {
    const { view } = this.desk;
    this.desk.tab = "why";
    if (view && this.place === null) this.show(view.state.selection.main.head);
    this.entering = true;
  }

  /** Go back to the page. */
  leave(): void {
    this.desk.view?.focus();
  }

  /** Go to the token before (-1) or after (1) the one that is shown. */
  step(direction: 1 | -1): void {
    const { view } = this.desk;
    if (!view || !this.shown) return;
    const place = direction > 0 ? this.shown.to : this.shown.from - 1;
    if (place < 0 || place > view.state.doc.length) return;
    view.dispatch({ selection: { anchor: place }, scrollIntoView: true });
    this.show(place, PATIENCE);
  }

  /** Tell about the character after a place; the server is asked after a while, and only where it is not known. */
  show(place: number, patience = 0): void {
    this.place = place;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.lay()) this.timer = setTimeout(() => void this.ask(), patience);
    });
  }

  /** Write on from the place that is shown, with another word there. */
  choose({ text, logprob }: Alternative): void {
    const { view, writing } = this.desk;
    const { shown } = this;
    if (!view || !shown?.choosable) return;
    const { from } = shown;
    const known = this.foresight.within({ from: stretchAt(view.state, from)?.from ?? from, to: from });
    const chosen = onPage(text, view.state.doc.lineAt(from).from === from);
    const top = shown.alternatives.map((one): [string, number] => [one.text, one.logprob]);
    void writing.rewriteFrom(from, chosen);
    if (known[0])
      this.foresight.put(
        known[0].from,
        known.map((one) => one.token),
      );
    this.foresight.put(from, [{ text: chosen, logprob, top }]);
    this.show(from);
  }

  /** Lay what is known of the place beside the page; false where it has to be asked for. */
  private lay(): boolean {
    const { view, state } = this.desk;
    if (!view || this.place === null) return true;
    const { doc } = view.state;
    const atEnd = this.place >= doc.length;
    const found = atEnd ? null : this.foresight.at(this.place);
    const top = atEnd ? this.foresight.next() : found?.token.top;
    if (!top) return false;
    const { from, to } = found ?? { from: doc.length, to: doc.length };
    const line = doc.lineAt(from);
    const text = found?.token.text ?? "";
    const logprob = found?.token.logprob ?? null;
    this.shown = {
      from,
      to,
      text,
      logprob,
      alternatives: alternativesOf(top, found && { text, logprob }),
      before: view.state.sliceDoc(Math.max(line.from, from - AROUND), from),
      after: view.state.sliceDoc(to, Math.max(to, Math.min(line.to, to + AROUND))),
      choosable: state?.visitor !== "reader" && !view.state.readOnly && stretchAt(view.state, from) !== null,
    };
    view.dispatch({ effects: setFrame.of({ from, to }) });
    return true;
  }

  private async ask(): Promise<void> {
    const { view, state } = this.desk;
    const { place } = this;
    if (!view || place === null) return;
    if (this.asked && !this.asked.controller.signal.aborted && within(place, this.asked.stretch)) return;
    const { length } = view.state.doc;
    const stretch =
      place >= length
        ? { from: length, to: length }
        : readingAt(view.state, place, state?.limits.reading_characters ?? 1024);
    this.asked?.controller.abort();
    const asked = (this.asked = { stretch, controller: new AbortController() });
    this.reading = true;
    const read = await this.foresight.read(stretch, asked.controller);
    if (this.asked !== asked) return;
    this.asked = null;
    this.reading = false;
    if (!read) this.shown = null;
    else this.lay();
    this.tinting.soon();
  }

  /** Ask about no place any more. */
  private lose(): void {
    clearTimeout(this.timer);
    this.asked?.controller.abort();
    this.place = null;
    this.shown = null;
  }

  private close(): void {
    this.lose();
    const { view } = this.desk;
    if (view?.state.field(tintField, false)) view.dispatch({ effects: setFrame.of(null) });
  }

  /** What the page is given while it is asked about: the marks, and an ear for the caret and for what comes into view. */
  private extension(): Extension {
    const listening = EditorView.updateListener.of((update) => {
      if (update.viewportChanged || update.geometryChanged) this.tinting.soon();
      const byMouse = update.transactions.some((one) => one.isUserEvent("select.pointer"));
      const { main } = update.state.selection;
      if (this.desk.tab !== "why" || !update.selectionSet || update.docChanged || byMouse || !main.empty) return;
      this.show(main.head, PATIENCE);
    });
    return [tint, listening];
  }
}

const within = (place: number, { from, to }: Stretch): boolean => from <= place && place < to;
