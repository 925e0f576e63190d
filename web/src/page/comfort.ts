/** The caret keeps away from the edges of the page: who writes sees where it goes on. */
import { EditorView } from "@codemirror/view";

const ABOVE = 0.1; // of the height of what is seen
const BELOW = 0.3;

export const comfort = EditorView.scrollMargins.of((view) => {
  const { clientHeight } = view.scrollDOM;
  return { top: clientHeight * ABOVE, bottom: clientHeight * BELOW };
});
