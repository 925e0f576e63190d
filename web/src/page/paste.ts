/** What is pasted or dropped becomes plain prose: no indents, which are the page's own, and nothing that is no text. */
import { EditorView } from "@codemirror/view";

const BREAK = /\r\n?|[\u2028\u2029\u0085]/g;
/** Characters that nobody sees, and halves of characters, which cannot be saved. */
const NO_TEXT = /[\0\uFEFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const INDENT = /^[\t \u00A0\u3000]+/gm;
const TRAIL = /[\t \u00A0\u3000]+$/gm;

/** Return a text as it is written on the page. A piece of a line keeps its blanks, but for an indent of full width. */
export function plainProse(text: string): string {
  const plain = text.replace(BREAK, "\n").replace(NO_TEXT, "");
  if (!plain.includes("\n")) return plain.replace(/^\u3000+/, "").replaceAll("\t", " ");
  return plain.replace(INDENT, "").replace(TRAIL, "").replaceAll("\t", " ");
}

export const plainPaste = EditorView.clipboardInputFilter.of(plainProse);
