/** What a preset says beyond the numbers that have sliders, in words. */
import type { SamplingValues } from "../writing/settings.svelte";

/** What each value is where nothing is set: it does nothing then. */
const NOTHING: SamplingValues = {
  greedy: false,
  temperature_when: "before",
  top_p_rule: "exceed",
  penalty_window: 256,
  occurrence_penalty: 1,
};

/** Return the values that do something, by name, among those that `names` has words for. */
export function alsoSet(values: SamplingValues, names: Record<string, string>): string[] {
  return Object.entries(values)
    .filter(([name, value]) => name in names && value !== NOTHING[name])
    .map(([name, value]) => (typeof value === "number" ? `${names[name]} ${value}` : (names[name] ?? name)));
}
