import { EditorState, type TransactionSpec } from "@codemirror/state";
import { expect, test } from "vitest";
import { setTints, tint, type Tint, tintField } from "./tint";

const TINTS: Tint[] = [
  { from: 1, to: 2, step: 1 },
  { from: 2, to: 4, step: 3 },
  { from: 5, to: 6, step: 4 },
];

function tinted(...specs: TransactionSpec[]): [number, number, string][] {
  let state = EditorState.create({ doc: "零一二三四五六", extensions: tint });
  for (const spec of [{ effects: setTints.of({ from: 0, to: 7, tints: TINTS }) }, ...specs]) {
    state = state.update(spec).state;
  }
  const found: [number, number, string][] = [];
  state.field(tintField).between(0, state.doc.length, (from, to, mark) => {
    found.push([from, to, (mark.spec as { class: string }).class]);
  });
  return found;
}

test("tints follow the text, and those of what was changed go", () => {
  expect(tinted({ changes: { from: 3, insert: "新" } })).toEqual([
    [1, 2, "tint-1"],
    [6, 7, "tint-4"],
  ]);
  expect(tinted({ changes: { from: 0, to: 2 } })).toEqual([
    [0, 2, "tint-3"],
    [3, 4, "tint-4"],
  ]);
});

test("what is typed between two tints has none, and both stay", () => {
  expect(tinted({ changes: { from: 2, insert: "新" } })).toEqual([
    [1, 2, "tint-1"],
    [3, 5, "tint-3"],
    [6, 7, "tint-4"],
  ]);
});

test("a stretch is tinted anew without what lies beside it", () => {
  const anew = setTints.of({ from: 2, to: 4, tints: [{ from: 3, to: 4, step: 2 }] });
  expect(tinted({ effects: anew })).toEqual([
    [1, 2, "tint-1"],
    [3, 4, "tint-2"],
    [5, 6, "tint-4"],
  ]);
});
