import { history, redo, undo } from "@codemirror/commands";
import { EditorState, type TransactionSpec } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { byMachine, drying, ink, inkSpans, setInk, type Span } from "./ink";

function page(text: string, spans: Span[] = []): EditorState {
  return EditorState.create({ doc: text, extensions: [history(), ink(spans, text.length)] });
}

function after(state: EditorState, ...specs: TransactionSpec[]): EditorState {
  for (const spec of specs) state = state.update(spec).state;
  return state;
}

function run(state: EditorState, command: typeof undo): EditorState {
  command({ state, dispatch: (transaction) => (state = transaction.state) });
  return state;
}

const PALE: Span[] = [{ from: 2, to: 6, ink: "pale" }];

describe("the ink of a chapter", () => {
  test("comes back as it was saved", () => {
    const spans: Span[] = [
      { from: 0, to: 2, ink: "dry" },
      { from: 4, to: 8, ink: "pale" },
    ];
    expect(inkSpans(page("零一二三四五六七八九", spans))).toEqual(spans);
  });

  test("leaves out what lies outside of the text, overlaps or has no name", () => {
    const spans = [
      { from: 2, to: 4, ink: "pale" },
      { from: 3, to: 6, ink: "pale" },
      { from: 6, to: 6, ink: "dry" },
      { from: 6, to: 7, ink: "green" },
      { from: 8, to: 11, ink: "dry" },
    ] as Span[];
    expect(inkSpans(page("零一二三四五六七八九", spans))).toEqual([{ from: 2, to: 4, ink: "pale" }]);
  });

  test("moves with the text before it", () => {
    const state = after(page("零一二三四五六", PALE), { changes: { from: 0, insert: "新" } });
    expect(inkSpans(state)).toEqual([{ from: 3, to: 7, ink: "pale" }]);
  });

  test("does not colour what the author types in the midst of it", () => {
    const state = after(page("零一二三四五六", PALE), { changes: { from: 4, insert: "我写" } });
    expect(inkSpans(state)).toEqual([
      { from: 2, to: 4, ink: "pale" },
      { from: 6, to: 8, ink: "pale" },
    ]);
  });

  test("does not colour what the author types at either end of it", () => {
    const state = after(
      page("零一二三四五六", PALE),
      { changes: { from: 6, insert: "后" } },
      { changes: { from: 2, insert: "前" } },
    );
    expect(inkSpans(state)).toEqual([{ from: 3, to: 7, ink: "pale" }]);
  });

  test("is put back by an undo of its deletion, and goes again with a redo", () => {
    const deleted = after(page("零一二三四五六", PALE), { changes: { from: 3, to: 7 } });
    expect(inkSpans(deleted)).toEqual([{ from: 2, to: 3, ink: "pale" }]);
    const back = run(deleted, undo);
    expect(inkSpans(back)).toEqual(PALE);
    expect(inkSpans(run(back, redo))).toEqual([{ from: 2, to: 3, ink: "pale" }]);
  });

  test("of the machine's insertion comes back with a redo", () => {
    const written = after(page("零一"), {
      changes: { from: 2, insert: "二三" },
      effects: setInk.of({ from: 2, to: 4, ink: "pale" }),
      annotations: byMachine.of(true),
    });
    expect(inkSpans(run(written, undo))).toEqual([]);
    expect(inkSpans(run(run(written, undo), redo))).toEqual([{ from: 2, to: 4, ink: "pale" }]);
  });

  test("dries where it was pale, and stays in its place", () => {
    const state = page("零一二三四五六", PALE);
    expect(inkSpans(after(state, { effects: drying(state) }))).toEqual([{ from: 2, to: 6, ink: "dry" }]);
  });

  test("can be given back to the author in part", () => {
    const state = after(page("零一二三四五六", PALE), { effects: setInk.of({ from: 3, to: 4, ink: null }) });
    expect(inkSpans(state)).toEqual([
      { from: 2, to: 3, ink: "pale" },
      { from: 4, to: 6, ink: "pale" },
    ]);
  });
});
