import { expect, test } from "vitest";
import { readingBegins } from "./reading";

test("the reading begins where its text does, whatever blanks were left out of it", () => {
  const text = "第一章\n\n　　雾从江上起来。\n\n　　船家把篙一点。";
  expect(readingBegins(text, "船家把篙一点。")).toBe(text.indexOf("船家"));
  expect(readingBegins(text, "雾从江上起来。\n船家把篙一点。")).toBe(text.indexOf("雾"));
});

test("there is no such place where the whole text is read, or chapters before it, too", () => {
  expect(readingBegins("雾从江上起来。", "雾从江上起来。")).toBeNull();
  expect(readingBegins("\n　　雾。", "雾。")).toBeNull();
  expect(readingBegins("雾。", "前一章。\n雾。")).toBeNull();
});

test("characters beyond the basic plane are not cut", () => {
  expect(readingBegins("𠮷𠮷𠮷", "𠮷")).toBe(4);
});
