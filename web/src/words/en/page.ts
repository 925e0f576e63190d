import type { Words } from "../zh";

export const page: Words["page"] = {
  label: "Text",
  titleHint: "Title",
  textHint: "Write the first sentence, or let moxu write on",
  characters: (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "character" : "characters"}`,
  more: "Desk",
  light: "Day",
  night: "Night",
  showInk: "Show who wrote what",
  hideInk: "Hide who wrote what",
  serif: "Text in serif",
  sans: "Text in sans-serif",
  find: "Find and replace",
  keys: "Shortcuts",
  interfaces: "Interfaces",
  reader: "Read only: look, but do not change",
  loading: "The model is still loading; write meanwhile",
};

/** CodeMirror's own words are English, and begin small. */
export const search: Words["search"] = {
  next: "Next",
  previous: "Previous",
  all: "All",
  "match case": "Match case",
  "by word": "Whole words",
  regexp: "Regular expression",
  replace: "Replace",
  "replace all": "Replace all",
  "replaced match on line $": "replaced match in paragraph $",
  "on line": "in paragraph",
  "Go to line": "Go to paragraph",
};
