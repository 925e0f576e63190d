import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { characters } from "./count";

const doc = (text: string) => Text.of(text.split("\n"));

test("blanks and line breaks are no characters, and one beyond the basic plane is one", () => {
  expect(characters(doc("第三章　渡口\n\n“过河么？”𠮷😀"))).toBe(13);
});

test("a long text is counted by its parts, after edits too", () => {
  const long = doc("雾从江上起来\n".repeat(5000));
  expect(characters(long)).toBe(30000);
  expect(characters(long.replace(0, 1, doc("大雾\n")))).toBe(30001);
});
