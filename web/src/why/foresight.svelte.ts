/**
 * How the model foresaw the text on the page. What it writes it tells of at once, and that is taken over; all other text
 * it is asked to read. An edit lets go of what was known from there on.
 */
import type { EditorState } from "@codemirror/state";
import type { ViewUpdate } from "@codemirror/view";
import type { Desk } from "../desk.svelte";
import { byMachine } from "../page/ink";
import { openPassage } from "../page/passage";
import { readText } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Token } from "../server/types";
import { sceneAt } from "../writing/scene";
import { type Placed, Readings, type Stretch } from "./readings";

/** Why a text could not be read. */
export type Trouble = { kind: "cannot" } | { kind: "gone" } | { kind: "refused"; message: string };

export class Foresight {
  trouble = $state.raw<Trouble | null>(null);
  private readings = new Readings();
  /** What is being read, so that an edit before its end can call it off. */
  private readonly asked = new Map<AbortController, Stretch>();
  /** Whether the author has edited since the open passage was written: it might be foreseen otherwise now. */
  private edited = false;

  constructor(private readonly desk: Desk) {}

  /** Whether the model can tell of a text that is not its own. */
  get canRead(): boolean {
    const model = this.desk.state?.model;
    return !!model && model.gives_logprobs && !model.reads_source;
  }

  at(place: number): Placed | null {
    this.takeOver(this.state);
    return this.readings.at(place);
  }

  within(stretch: Stretch): Placed[] {
    this.takeOver(this.state);
    return this.readings.within(stretch);
  }

  gap(stretch: Stretch): Stretch | null {
    this.takeOver(this.state);
    return this.readings.gap(stretch);
  }

  /** Return what would most likely follow the text of the chapter. */
  next(): Token["top"] | null {
    return this.readings.next(this.state.doc.length);
  }

  put(from: number, tokens: readonly Token[]): void {
    this.readings.put(from, tokens);
  }

  /** Forget all: it is another text, or something else is read before it. */
  forget(): void {
    for (const controller of this.asked.keys()) controller.abort();
    this.readings = new Readings();
    this.edited = false;
    this.trouble = null;
  }

  /** Let the model read a stretch; false where that was called off, or failed, which `trouble` tells. */
  async read(stretch: Stretch, controller: AbortController): Promise<boolean> {
    const { state, desk } = this;
    if (!this.canRead) {
      this.trouble = { kind: "cannot" };
      return false;
    }
    this.asked.set(controller, stretch);
    try {
      const scene = sceneAt(state, stretch.from, desk.chapter, desk.writing.settings.reach);
      const reading = await readText(scene, state.sliceDoc(stretch.from, stretch.to), controller.signal);
      if (controller.signal.aborted) return false;
      this.readings.put(stretch.from, reading.tokens);
      if (stretch.to === this.state.doc.length) this.readings.putNext(stretch.to, reading.next);
      this.trouble = null;
      return true;
    } catch (error) {
      if (!controller.signal.aborted) this.trouble = troubleOf(error);
      return false;
    } finally {
      this.asked.delete(controller);
    }
  }

  /** Follow the text: to be told of every update of the page, and where the texts before and after it differ first. */
  changed({ startState, state, transactions }: ViewUpdate, difference: number): void {
    if (openPassage(startState)) {
      const byAuthor = transactions.some((one) => one.docChanged && !one.annotation(byMachine));
      const closes = !openPassage(state);
      if (byAuthor || closes) this.takeOver(startState);
      this.edited = closes ? false : this.edited || byAuthor;
    }
    this.readings.cut(difference);
    for (const [controller, { from, to }] of this.asked) {
      if (difference < to || (from === to && difference < Infinity)) controller.abort();
    }
  }

  /** Take over what the machine has told of the candidate that lies in the open passage. */
  private takeOver(state: EditorState): void {
    const passage = openPassage(state);
    const { candidates, chosen } = this.desk.writing;
    const candidate = candidates[chosen];
    if (!passage || !candidate?.text || this.edited) return;
    const start = passage.to - candidate.text.length; // what the author has kept of an earlier passage comes before
    if (start < passage.from || state.sliceDoc(start, passage.to) !== candidate.text) return;
    this.readings.put(start, candidate.tokens);
  }

  private get state(): EditorState {
    return this.desk.view?.state ?? this.desk.page;
  }
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof ServerGone) return { kind: "gone" };
  if (!(error instanceof ServerError)) throw error;
  return error.code === "no_reading" ? { kind: "cannot" } : { kind: "refused", message: error.message };
}
