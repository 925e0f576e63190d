import { EditorState } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { begins, moved, type Place, standing } from "./place";

const page = (doc: string) => EditorState.create({ doc });

function edited(doc: string, place: Place, ...edits: { from: number; to?: number; insert?: string }[]) {
  let state = page(doc);
  for (const edit of edits) {
    const transaction = state.update({ changes: edit });
    place = moved(place, transaction.changes);
    state = transaction.state;
  }
  return { state, at: standing(state, place) };
}

describe("where a candidate was laid", () => {
  const place = { from: 2, to: 4, laid: "江上" };

  test("it is found again after edits before and right behind it", () => {
    const { at, state } = edited("雾。江上", place, { from: 0, insert: "大" }, { from: 5, insert: "有船。" });
    expect(at && state.sliceDoc(at.from, at.to)).toBe("江上");
  });

  test("it is not found once the author has changed it", () => {
    expect(edited("雾。江上", place, { from: 3, insert: "海" }).at).toBeNull();
    expect(edited("雾。江上", place, { from: 3, to: 4 }).at).toBeNull();
  });

  test("its place is known when it was taken back, and when it came again", () => {
    expect(edited("雾。江上", place, { from: 2, to: 4 }).at).toEqual({ from: 2, to: 2 });
    expect(edited("雾。江上", place, { from: 2, to: 4 }, { from: 2, insert: "江上" }).at).toEqual({ from: 2, to: 4 });
  });

  test("what the author writes there instead is left alone", () => {
    expect(edited("雾。江上", place, { from: 2, to: 4 }, { from: 2, insert: "河" }).at).toBeNull();
  });
});

describe("a text goes on", () => {
  test("below the heading, not in it", () => {
    expect(begins(page(""), 0)).toEqual({ at: 0, lead: "\n" });
    expect(begins(page("第三章  渡口"), 3)).toEqual({ at: 7, lead: "\n" });
  });

  test("where the caret is, in a first line that is prose and in all others", () => {
    expect(begins(page("雾从江上起来"), 6)).toEqual({ at: 6, lead: "" });
    expect(begins(page("第一章\n雾"), 5)).toEqual({ at: 5, lead: "" });
  });
});
