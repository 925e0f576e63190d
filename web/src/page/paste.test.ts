import { expect, test } from "vitest";
import { plainProse } from "./paste";

test("indents and breaks of any kind become those of the page", () => {
  expect(plainProse("　　雾起了。\r\n\t船来了。 \r　　“过河么？”\u2028 她点头。")).toBe(
    "雾起了。\n船来了。\n“过河么？”\n她点头。",
  );
});

test("blank lines between paragraphs stay", () => {
  expect(plainProse("甲\r\n\r\n乙")).toBe("甲\n\n乙");
});

test("a piece of a line keeps its blanks", () => {
  expect(plainProse(" and then ")).toBe(" and then ");
  expect(plainProse("　　雾")).toBe("雾");
});

test("what is no text is left out", () => {
  expect(plainProse("\uFEFF一\0二\uD842三𠮷\uDFB7四")).toBe("一二三𠮷四");
});
