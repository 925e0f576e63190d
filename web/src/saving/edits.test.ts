import { type ChangeSet, EditorState, Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { checkOf, editsOf, titleOf } from "./edits";

const doc = (text: string) => Text.of(text.split("\n"));

test("edits are those of the text before all of them, in order", () => {
  const first = EditorState.create({ doc: "雾从江上起来" });
  const one = first.update({
    changes: [
      { from: 1, to: 2, insert: "自" },
      { from: 6, insert: "。" },
    ],
  });
  const two = one.state.update({ changes: { from: 0, insert: "大" } });
  const changes: ChangeSet = one.changes.compose(two.changes);
  expect(editsOf(changes)).toEqual([
    { at: 0, remove: 0, insert: "大" },
    { at: 1, remove: 1, insert: "自" },
    { at: 6, remove: 0, insert: "。" },
  ]);
});

test("a title is the first line, without the blanks around it", () => {
  expect(titleOf(doc("　第三章　渡口 \n正文"))).toBe("第三章　渡口");
  expect(titleOf(doc(""))).toBe("");
});

test("a check tells texts apart that are of one length", () => {
  expect(checkOf(doc("雾从江上"))).toBe(checkOf(doc("雾从江上")));
  expect(checkOf(doc("雾从江上"))).not.toBe(checkOf(doc("雾从江中")));
});
