/** How the machine is asked to write: a preset and what differs from it, how long, how many, how far it looks back. */
import type { Preset } from "../server/types";

export type SamplingValues = Record<string, number | boolean | string>;
export type WindowPolicy = "reread" | "roll" | "lines" | "stop";

const KEPT = "moxu.writing";

export class WritingSettings {
  /** The preset that the author has taken; null: the one that suits the model. */
  taken = $state<string | null>(null);
  /** What differs from the preset. */
  values = $state<SamplingValues>({});
  count = $state(3);
  characters = $state(120);
  /** How many characters of the story the model reads. */
  reach = $state(4000);
  /** Fixed, so that the same is written again; null: another one each time. */
  seed = $state<number | null>(null);
  /** What happens when the model's window is full. */
  window = $state<WindowPolicy>("reread");
  /** How many tokens of its window the model may use; null: all. */
  used = $state<number | null>(null);
  presets = $state.raw<Preset[]>([]);
  /** The preset that suits the model. */
  own = $state("normal");

  constructor() {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, unknown>;
    if (typeof kept.taken === "string") this.taken = kept.taken;
    if (kept.values && typeof kept.values === "object") this.values = kept.values as SamplingValues;
    for (const name of ["count", "characters", "reach"] as const) {
      if (typeof kept[name] === "number") this[name] = kept[name];
    }
    if (typeof kept.window === "string") this.window = kept.window as WindowPolicy;
    if (typeof kept.used === "number") this.used = kept.used;
  }

  /** The name of the preset in force: one that this server has. */
  get preset(): string {
    return this.presets.some((one) => one.name === this.taken) ? (this.taken ?? this.own) : this.own;
  }

  /** What the preset in force says. */
  get base(): SamplingValues {
    return this.presets.find((one) => one.name === this.preset)?.values ?? {};
  }

  /** All values as they are in force: the preset's, and over them the author's. */
  get effective(): SamplingValues {
    return { ...this.base, ...this.values };
  }

  /** Whether the likeliest character is always taken. */
  get greedy(): boolean {
    return this.effective.greedy === true || this.effective.temperature === 0;
  }

  /** Take a preset as it is. */
  choose(preset: string): void {
    this.taken = preset;
    this.values = {};
  }

  /** Set a value over the preset's; one that the preset has too is the preset's again. */
  set(name: string, value: number): void {
    const { [name]: _, ...others } = this.values;
    this.values = this.base[name] === value ? others : { ...others, [name]: value };
  }

  /** What a request to write says of all this. */
  wishes(): Record<string, unknown> {
    const { preset, values, count, characters, seed, window } = this;
    return { preset, ...values, count, max_chars: characters, window, ...(seed === null ? {} : { seed }) };
  }

  /** What a scene says of it. */
  context(): { context?: number } {
    return this.used === null ? {} : { context: this.used };
  }

  /** Remember it; to be called in an effect. */
  keep(): void {
    const { taken, values, count, characters, reach, window, used } = this;
    localStorage.setItem(KEPT, JSON.stringify({ taken, values, count, characters, reach, window, used }));
  }
}
