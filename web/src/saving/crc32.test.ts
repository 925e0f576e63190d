import { EditorState, Text } from "@codemirror/state";
import { crc32 as ofZlib } from "node:zlib";
import { expect, test } from "vitest";
import { crc32 } from "./crc32";

const doc = (text: string) => Text.of(text.split("\n"));

test("the CRC of a text is zlib's of its UTF-8", () => {
  for (const text of ["", "a", "\n", "第三章　渡口\n雾从江上起来的时候，…", "𠮷😀\n".repeat(2000)]) {
    expect(crc32(doc(text))).toBe(ofZlib(Buffer.from(text)));
  }
});

test("after any edit of a long text the CRC is that of the new text", () => {
  const lines = Array.from({ length: 3000 }, (_, line) => `第${line}行，雾从江上起来。`.repeat(line % 7));
  let state = EditorState.create({ doc: lines.join("\n") });
  for (const from of [0, 1, 700, 20_000, state.doc.length - 1]) {
    state = state.update({ changes: { from, to: from + 1, insert: "船\n家" } }).state;
    expect(crc32(state.doc)).toBe(ofZlib(Buffer.from(state.doc.toString())));
  }
});
