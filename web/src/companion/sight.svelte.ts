/** What the model would read if it wrote on from the caret: asked for anew when the text, the notes or the caret change. */
import type { EditorState } from "@codemirror/state";
import type { ViewUpdate } from "@codemirror/view";
import type { Desk, Part } from "../desk.svelte";
import { markReading, readingBegins } from "../page/reading";
import { getSight } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Scene, Sight, SightPart } from "../server/types";
import { speech } from "../words/words.svelte";
import { sceneAt } from "../writing/scene";

const SOON = 400; // milliseconds after the last key
const LATER = 1500; // where only the mark on the page shows it

export class Seeing implements Part {
  sight = $state.raw<Sight | null>(null);
  /** Why it is not known, where it is not; `away`: the server cannot be reached. */
  trouble = $state.raw<{ kind: "away" } | { kind: "refused"; message: string } | null>(null);
  /** The cards of the lore that fire at the caret, by their ids. */
  readonly fired: ReadonlyMap<number, SightPart> = $derived(
    new Map(
      this.sight?.parts.flatMap((part) => (part.source === "lore" && part.note !== null ? [[part.note, part]] : [])),
    ),
  );

  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | null = null;

  constructor(private readonly desk: Desk) {}

  opened(): void {
    this.sight = null;
    this.look();
  }

  adopted(): void {
    this.look();
  }

  changed(update: ViewUpdate): void {
    if (update.docChanged) this.look();
  }

  moved(): void {
    this.look();
  }

  async closing(): Promise<void> {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  /** Look again, soon. */
  look(): void {
    clearTimeout(this.timer);
    const { tab } = this.desk;
    this.timer = setTimeout(() => void this.ask(), tab === "sight" || tab === "lore" ? SOON : LATER);
  }

  private async ask(): Promise<void> {
    const { chapter, writing } = this.desk;
    if (writing.busy || document.hidden) return this.look(); // the text changes with every frame, or nobody looks
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const state = this.desk.view?.state ?? this.desk.page;
    const scene = sceneAt(state, state.selection.main.to, chapter, writing.settings.reach);
    try {
      const wishes = { ...scene, ...writing.settings.context(), max_chars: writing.settings.characters };
      this.sight = await getSight(wishes, asking.signal);
      this.trouble = null;
      this.mark(state, scene, this.sight);
    } catch (error) {
      if (asking.signal.aborted) return;
      if (error instanceof ServerGone) this.trouble = { kind: "away" };
      else if (error instanceof ServerError) this.trouble = { kind: "refused", message: error.message };
      else throw error;
    }
  }

  /** Mark on the page where the reading begins. */
  private mark(seen: EditorState, { before }: Scene, { parts }: Sight): void {
    const { view } = this.desk;
    if (!view || view.state.doc !== seen.doc) return;
    const read = parts.map((part) => (part.source === "story" ? part.text : "")).join("");
    const begins = readingBegins(before, read);
    const place = begins === null ? null : seen.selection.main.to - before.length + begins;
    markReading(view, place, speech.words.sight.begins);
  }
}
