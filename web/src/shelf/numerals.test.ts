import { expect, test } from "vitest";
import { chinese, numberOf } from "./numerals";

test("a number written in Chinese is read as the same number", () => {
  for (let number = 1; number <= 9999; number++) expect(numberOf(chinese(number))).toBe(number);
});

test("numbers are written as chapters are numbered", () => {
  expect([10, 12, 20, 103, 110, 1010, 2001].map(chinese)).toEqual([
    "十",
    "十二",
    "二十",
    "一百零三",
    "一百一十",
    "一千零一十",
    "二千零一",
  ]);
});

test("other ways to write a number are read, and what is none is none", () => {
  expect([numberOf("两百"), numberOf("一百〇三")]).toEqual([200, 103]);
  expect([numberOf("百百"), numberOf(""), numberOf("三水")]).toEqual([null, null, null]);
});
