import { history, redo, undo } from "@codemirror/commands";
import { EditorState, Transaction, type TransactionSpec } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { ink, inkField, inkSpans } from "./ink";
import { begin, close, grow, openPassage, paleStretch, passageField, reopen, replace } from "./passage";

type Step = (state: EditorState) => TransactionSpec;

function page(text: string, ...steps: Step[]): EditorState {
  const extensions = [history(), ink([], text.length), passageField];
  const state = EditorState.create({ doc: text, selection: { anchor: text.length }, extensions });
  return after(state, ...steps);
}

function after(state: EditorState, ...steps: Step[]): EditorState {
  for (const step of steps) state = state.update(step(state)).state;
  return state;
}

function run(state: EditorState, command: typeof undo): EditorState {
  command({ state, dispatch: (transaction) => (state = transaction.state) });
  return state;
}

const typed =
  (at: number, insert: string): Step =>
  () => ({ changes: { from: at, insert }, annotations: Transaction.userEvent.of("input.type") });
const piece =
  (text: string): Step =>
  (state) =>
    grow(state, text);
const other =
  (text: string): Step =>
  (state) =>
    replace(state, text);
const end: Step = (state) => close(state, true);
const text = (state: EditorState) => state.doc.toString();

describe("a passage of the machine's", () => {
  test("grows piece by piece in pale ink, and the caret goes with it", () => {
    const state = page("雾。", () => begin(2), piece("江"), piece("上"));
    expect(text(state)).toBe("雾。江上");
    expect(openPassage(state)).toEqual({ from: 2, to: 4 });
    expect(inkSpans(state)).toEqual([{ from: 2, to: 4, ink: "pale" }]);
    expect(state.selection.main.head).toBe(4);
  });

  test("is one mark, however many pieces it came in", () => {
    const state = page("雾。", () => begin(2), piece("江"), piece("上"), piece("起来"));
    expect(state.field(inkField).size).toBe(1);
  });

  test("leaves the caret alone that is somewhere else", () => {
    const state = page(
      "雾。",
      () => begin(2),
      piece("江"),
      () => ({ selection: { anchor: 0 } }),
      piece("上"),
    );
    expect(state.selection.main.head).toBe(0);
  });

  test("goes whole with one undo, and comes back whole and pale with one redo", () => {
    const written = page("雾。", () => begin(2), piece("江"), piece("上"), piece("起来"), end);
    const undone = run(written, undo);
    expect(text(undone)).toBe("雾。");
    const redone = run(undone, redo);
    expect(text(redone)).toBe("雾。江上起来");
    expect(inkSpans(redone).map(({ from, to }) => [from, to])).toEqual([[2, 6]]);
  });

  test("is one step of the history, between the author's steps before and after", () => {
    let state = page("", typed(0, "雾"), typed(1, "。"), () => begin(2), piece("江"), piece("上"), end, typed(4, "我"));
    state = run(state, undo);
    expect(text(state)).toBe("雾。江上");
    state = run(state, undo);
    expect(text(state)).toBe("雾。");
    expect(text(run(state, undo))).toBe("");
  });

  test("can be replaced by another, which one undo takes back to before either", () => {
    const state = page("雾。", () => begin(2), piece("江上"), other("河边有人"), piece("。"));
    expect(text(state)).toBe("雾。河边有人。");
    expect(openPassage(state)).toEqual({ from: 2, to: 7 });
    expect(inkSpans(state)).toEqual([{ from: 2, to: 7, ink: "pale" }]);
    expect(text(run(state, undo))).toBe("雾。");
  });

  test("dries when it is accepted, and is open no longer", () => {
    const state = page("雾。", () => begin(2), piece("江上"), end);
    expect(openPassage(state)).toBeNull();
    expect(inkSpans(state)).toEqual([{ from: 2, to: 4, ink: "dry" }]);
  });

  test("follows the text when the author edits before it", () => {
    const state = page("雾。", () => begin(2), piece("江"), typed(0, "大"));
    expect(openPassage(state)).toEqual({ from: 3, to: 4 });
  });

  test("is a step of its own even where the author types on at once", () => {
    const state = page("雾。", () => begin(2), piece("江"), piece("上"), typed(4, "我"));
    expect(text(run(state, undo))).toBe("雾。江上");
  });

  test("that is opened again and replaced is another step than what the author wrote after it", () => {
    let state = page("雾。", () => begin(2), piece("江上"), end, typed(4, "我"));
    state = after(state, () => reopen({ from: 2, to: 4 }), other("河边"), piece("有人"));
    expect(text(state)).toBe("雾。河边有人我");
    state = run(state, undo);
    expect(text(state)).toBe("雾。江上我");
    expect(text(run(state, undo))).toBe("雾。江上");
  });

  test("is found again by its pale ink: the last before the caret, else the first after it", () => {
    const stays: Step = (state) => close(state, false);
    const state = page(
      "雾。",
      () => begin(2),
      piece("江上"),
      stays,
      typed(4, "。"),
      () => begin(5),
      piece("船"),
      stays,
    );
    expect(paleStretch(state, 6)).toEqual({ from: 5, to: 6 });
    expect(paleStretch(state, 4)).toEqual({ from: 2, to: 4 });
    expect(paleStretch(state, 0)).toEqual({ from: 2, to: 4 });
    expect(paleStretch(page("雾。"), 1)).toBeNull();
  });

  test("does not grow where none is open", () => {
    expect(text(page("雾。", piece("江")))).toBe("雾。");
  });

  test("counts a line break of any kind as one place", () => {
    const state = page("雾。", () => begin(2), piece("江\r\n上"), piece("人"));
    expect(text(state)).toBe("雾。江\n上人");
    expect(openPassage(state)).toEqual({ from: 2, to: 6 });
  });
});
