import type { why as chinese } from "../zh/why";

/** What is said of a word: why it stands there, and what else could. */
export const why: typeof chinese = {
  hint: "Click a character on the page to see what else could stand there.",
  keys: "On the page ← → move to another place; Alt+W goes to the list, where ↑ ↓ pick and Enter rewrites from there.",
  alternatives: "Likeliest here",
  following: "Likeliest next",
  end: "End of the chapter",
  newline: "new line",
  blank: "blank",
  times: (name: string, n: number) => (n === 1 ? name : `${name} ×${n}`),
  stands: "written",
  told: (token: string, step: string) => `“${token}”: ${step}`,
  measured: (percent: string, bits: string) => `chance ${percent}, surprise ${bits} bits`,
  asking: "Reading…",
  choose: "Choose one to rewrite from here; undo brings back what was.",
  onlyShown: "You wrote this yourself: it is only shown, not changed.",
  tint: "Tint by surprise",
  legend: "Surprise (bits)",
  steps: ["as expected", "natural", "a little surprising", "surprising", "hard to foresee"],
  below: (bits: number) => `below ${bits}`,
  between: (from: number, to: number) => `${from}–${to}`,
  above: (bits: number) => `${bits} and more`,
  noModel: "The model is not loaded yet, so there is nothing to tell about words.",
  noLogprobs:
    "This model gives only the text it wrote, not how likely each character was, so there is nothing to show here.",
  noReading:
    "This model cannot tell how likely a given text is; only what it has just written, still in pale ink, can be shown.",
  gone: "The server is away; click again when it is back.",
  refused: (message: string) => `It could not be read: ${message}`,
};
