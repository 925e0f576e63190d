import { expect, test } from "vitest";
import { nextTitle, retitled, tidy } from "./titles";

test("a new chapter is numbered as the last one is", () => {
  expect(nextTitle("第三章　渡口")).toBe("第四章");
  expect(nextTitle("第九十九回 大结局")).toBe("第一百回");
  expect(nextTitle("第007章")).toBe("第008章");
  expect(nextTitle("Chapter 9: The ferry")).toBe("Chapter 10");
});

test("a new chapter has no title where the last has no number, and the first is the first", () => {
  expect(nextTitle("楔子")).toBe("");
  expect(nextTitle("")).toBe("");
  expect(nextTitle("第百百章")).toBe("");
  expect(nextTitle(undefined)).toBe("第一章");
});

test("a new title moves the ink below it, and leaves none of the old title's", () => {
  const spans = [
    { from: 0, to: 5, ink: "dry" as const },
    { from: 6, to: 8, ink: "pale" as const },
  ];
  expect(retitled("渡口\n雾从江上起来", spans, "第三章")).toEqual({
    text: "第三章\n雾从江上起来",
    spans: [
      { from: 3, to: 6, ink: "dry" },
      { from: 7, to: 9, ink: "pale" },
    ],
  });
  expect(retitled("渡口", [{ from: 0, to: 2, ink: "dry" }], "江")).toEqual({ text: "江", spans: [] });
});

test("a title is one line without blanks around it", () => {
  expect(tidy("　第三章\n 渡口 ")).toBe("第三章 渡口");
  expect(tidy("第三章　渡口")).toBe("第三章　渡口");
});
