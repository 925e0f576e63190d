/** How CodeMirror's own parts look on this desk: the panel that searches, and what it finds. */
import { EditorView } from "@codemirror/view";

export const panel = EditorView.theme({
  ".cm-panels": { background: "var(--paper-deep)", color: "var(--ink)", zIndex: 1 },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "4px var(--space)",
    padding: "var(--space) calc(var(--space) * 5) var(--space) calc(var(--space) * 2)",
    fontFamily: "var(--sans)",
    fontSize: "var(--type-small)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", height: 0, content: '""' },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "4px", fontSize: "inherit" },
  ".cm-panel.cm-search input[type=checkbox]": { accentColor: "var(--ink)", margin: 0 },
  ".cm-panel.cm-search :is(input, button, label)": { margin: 0 },
  ".cm-panel.cm-search [name=close]": {
    top: "var(--space)",
    right: "calc(var(--space) * 1.5)",
    width: "calc(var(--space) * 3)",
    height: "calc(var(--space) * 3)",
    color: "var(--ink-quiet)",
    fontSize: "var(--type-page)",
    cursor: "pointer",
  },
  ".cm-textfield": {
    width: "calc(var(--space) * 22)",
    padding: "4px var(--space)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    background: "var(--paper)",
    fontSize: "inherit",
  },
  ".cm-button": {
    padding: "4px calc(var(--space) * 1.5)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    background: "none",
    fontSize: "inherit",
    cursor: "pointer",
    "&:hover": { borderColor: "var(--ink-quiet)" },
    "&:active": { background: "none" },
  },
  ".cm-searchMatch": { background: "color-mix(in srgb, var(--memory) 24%, transparent)" },
  ".cm-searchMatch.cm-searchMatch-selected": { background: "color-mix(in srgb, var(--memory) 48%, transparent)" },
  ".cm-selectionMatch, .cm-searchMatch .cm-selectionMatch": {
    background: "color-mix(in srgb, var(--memory) 12%, transparent)",
  },
});
