/** The page tinted by surprise: what is seen of it, as far as it was foreseen; what is not known yet is asked for. */
import type { EditorView } from "@codemirror/view";
import type { Desk } from "../desk.svelte";
import { setTints, type Tint } from "../page/tint";
import type { Foresight } from "./foresight.svelte";
import type { Placed, Stretch } from "./readings";
import { atOnce } from "./stretches";
import { bitsOf, stepOf } from "./surprise";

const PAINT = 120; // milliseconds after a change
const READ = 500; // after the last

export class Tinting {
  on = $state(false);
  private painting: ReturnType<typeof setTimeout> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private reading: AbortController | null = null;

  constructor(
    private readonly desk: Desk,
    private readonly foresight: Foresight,
  ) {}

  /** Paint, soon, what is seen and known; and ask for the rest when nothing has changed for a moment. */
  soon(): void {
    if (!this.on) return;
    this.painting ??= setTimeout(() => this.paint(), PAINT);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => void this.read(), READ);
  }

  toggle(): void {
    this.on = !this.on;
    if (this.on) this.soon();
    else this.clear();
  }

  /** Take all tints from the page. */
  private clear(): void {
    const { view } = this.desk;
    clearTimeout(this.painting);
    clearTimeout(this.waiting);
    this.painting = undefined;
    this.reading?.abort();
    view?.dispatch({ effects: setTints.of({ from: 0, to: view.state.doc.length, tints: [] }) });
  }

  private paint(): void {
    this.painting = undefined;
    const { view } = this.desk;
    if (!view || !this.on) return;
    for (const tokens of runs(this.foresight.within(seen(view)))) {
      const [from, to] = [tokens[0]!.from, tokens.at(-1)!.to];
      view.dispatch({ effects: setTints.of({ from, to, tints: tokens.flatMap(tintOf) }) });
    }
  }

  private async read(): Promise<void> {
    const { view, writing, state } = this.desk;
    if (!view || !this.on || writing.busy || !this.foresight.canRead) return;
    const gap = this.foresight.gap(seen(view));
    if (!gap) return;
    this.reading?.abort();
    const reading = (this.reading = new AbortController());
    const limit = state?.limits.reading_characters ?? 1024;
    const read = await this.foresight.read(atOnce(view.state, gap, limit), reading);
    if (!read) return;
    this.paint();
    void this.read(); // there may be more of it
  }
}

/** Return the paragraphs of which a part is seen; of a very long one only what is near. */
function seen(view: EditorView): Stretch {
  const { top, bottom } = view.scrollDOM.getBoundingClientRect();
  const first = view.lineBlockAtHeight(top - view.documentTop);
  const last = view.lineBlockAtHeight(bottom - view.documentTop);
  const drawn = view.visibleRanges;
  return {
    from: Math.max(first.from, drawn[0]?.from ?? 0),
    to: Math.min(last.to, drawn.at(-1)?.to ?? view.state.doc.length),
  };
}

/** Return the tokens in runs without anything between: a tint that is not known anew stays as it was. */
function runs(tokens: readonly Placed[]): Placed[][] {
  const all: Placed[][] = [];
  for (const token of tokens) {
    const last = all.at(-1);
    if (last?.at(-1)?.to === token.from) last.push(token);
    else all.push([token]);
  }
  return all;
}

function tintOf({ from, to, token }: Placed): Tint[] {
  const step = token.logprob === null ? 0 : stepOf(bitsOf(token.logprob));
  return step === 0 ? [] : [{ from, to, step }];
}
