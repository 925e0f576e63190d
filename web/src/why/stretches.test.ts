import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { ink, type Span } from "../page/ink";
import { atOnce, firstDifference, readingAt } from "./stretches";

const page = (text: string, spans: Span[] = []) =>
  EditorState.create({ doc: text, extensions: [ink(spans, text.length)] });

test("a place of the author's is read with its paragraph, the newline included", () => {
  const state = page("渡口\n雾起来了。\n船来了。");
  expect(readingAt(state, 4, 100)).toEqual({ from: 3, to: 9 });
  expect(readingAt(state, 8, 100)).toEqual({ from: 3, to: 9 });
  expect(readingAt(state, 10, 100)).toEqual({ from: 9, to: 13 });
});

test("a place of the machine's is read with its passage, however many paragraphs that has", () => {
  const state = page("渡口\n雾起来了。\n船来了。", [{ from: 5, to: 12, ink: "dry" }]);
  expect(readingAt(state, 9, 100)).toEqual({ from: 5, to: 12 });
  expect(readingAt(state, 4, 100)).toEqual({ from: 3, to: 9 });
});

test("of a long paragraph the part is read that the place is in", () => {
  const state = page("一二三四五六七八九十");
  expect(readingAt(state, 0, 4)).toEqual({ from: 0, to: 4 });
  expect(readingAt(state, 5, 4)).toEqual({ from: 4, to: 8 });
  expect(readingAt(state, 9, 4)).toEqual({ from: 8, to: 10 });
});

test("no more is read at once than may be", () => {
  expect(atOnce(page("一二三四五六"), { from: 1, to: 6 }, 3)).toEqual({ from: 1, to: 4 });
});

test("a character of two units is not cut in two", () => {
  const state = page("𠮷𠮷𠮷𠮷");
  expect(readingAt(state, 4, 3)).toEqual({ from: 2, to: 6 });
  expect(atOnce(state, { from: 0, to: 8 }, 3)).toEqual({ from: 0, to: 2 });
});

test("a text differs from the one before where the first other character is, however much was replaced", () => {
  const differing = (...changes: { from: number; to?: number; insert?: string }[]) => {
    const before = page("雾从江上起来");
    const { changes: made, state } = before.update({ changes });
    return firstDifference(made, before.doc, state.doc);
  };
  expect(differing({ from: 1, to: 6, insert: "从江边来" })).toBe(3);
  expect(differing({ from: 1, to: 6, insert: "从江" })).toBe(3);
  expect(differing({ from: 1, to: 3, insert: "从江" }, { from: 5, insert: "又" })).toBe(5);
  expect(differing({ from: 6, insert: "了" })).toBe(6);
  expect(differing({ from: 0, to: 6, insert: "雾从江上起来" })).toBe(Infinity);
  expect(differing()).toBe(Infinity);
});
