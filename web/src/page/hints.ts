/** What stands in pale words where nothing is written yet: the title's place, and that of the first sentence. */
import { type EditorState, type Extension, Facet } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";

export interface Hints {
  title: string;
  text: string;
}

export const hints = Facet.define<Hints, Hints>({ combine: (all) => all[0] ?? { title: "", text: "" } });

class Hint extends WidgetType {
  constructor(
    private readonly text: string,
    private readonly kind: "title" | "text",
  ) {
    super();
  }
  override eq(other: Hint): boolean {
    return other.text === this.text && other.kind === this.kind;
  }
  toDOM(): HTMLElement {
    const hint = document.createElement(this.kind === "title" ? "span" : "div");
    hint.className = `cm-placeholder page-hint page-hint-${this.kind}`;
    hint.textContent = this.text;
    hint.setAttribute("aria-hidden", "true"); // the label of the page says what it is
    return hint;
  }
  override ignoreEvent(): boolean {
    return false;
  }
}

function decorations(state: EditorState): DecorationSet {
  const { doc } = state;
  const { title, text } = state.facet(hints);
  const found = [];
  const first = doc.line(1);
  if (!first.length) found.push(Decoration.widget({ widget: new Hint(title, "title"), side: 1 }).range(0));
  if (doc.lines === 1) {
    found.push(Decoration.widget({ widget: new Hint(text, "text"), side: 2, block: true }).range(first.to));
  } else if (doc.lines === 2 && doc.length === first.to + 1) {
    found.push(Decoration.widget({ widget: new Hint(text, "title"), side: 1 }).range(doc.length));
  }
  return Decoration.set(found, true);
}

export const hinted: Extension = [
  EditorView.decorations.compute(["doc", hints], decorations),
  EditorView.theme({
    ".page-hint": { color: "var(--ink-quiet)", fontWeight: "var(--weight)", pointerEvents: "none" },
    ".page-hint-text": { textIndent: "2em" },
  }),
];
