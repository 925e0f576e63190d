import { expect, test } from "vitest";
import type { Token } from "../server/types";
import { Readings } from "./readings";

const tokens = (...texts: string[]): Token[] => texts.map((text, row) => ({ text, logprob: -row, top: [] }));

function known(from: number, ...texts: string[]): Readings {
  const readings = new Readings();
  readings.put(from, tokens(...texts));
  return readings;
}

test("every character of a token finds it, and none beside it does", () => {
  const readings = known(10, "雾", "忽然", "起");
  expect([9, 10, 11, 12, 13, 14].map((place) => readings.at(place)?.token.text)).toEqual([
    undefined,
    "雾",
    "忽然",
    "忽然",
    "起",
    undefined,
  ]);
  expect(readings.at(12)).toMatchObject({ from: 11, to: 13 });
});

test("an edit lets go of what comes after it, of the token it is in, and of nothing before", () => {
  const readings = known(0, "雾", "忽然", "起", "来");
  readings.cut(2);
  expect(readings.within({ from: 0, to: 9 }).map((one) => one.token.text)).toEqual(["雾"]);
  const beside = known(0, "雾", "忽然", "起");
  beside.cut(3);
  expect(beside.within({ from: 0, to: 9 }).map((one) => one.token.text)).toEqual(["雾", "忽然"]);
});

test("what was known before stays when the same text is read again", () => {
  const readings = known(2, "江");
  readings.put(0, [
    { text: "雾", logprob: -9, top: [] },
    { text: "在", logprob: -9, top: [] },
    { text: "江", logprob: -9, top: [] },
    { text: "上", logprob: -9, top: [] },
  ]);
  expect(readings.within({ from: 0, to: 4 }).map((one) => one.token.logprob)).toEqual([-9, -9, -0, -9]);
});

test("a gap is the first text of which nothing is known", () => {
  const readings = known(2, "江", "上");
  expect(readings.gap({ from: 0, to: 6 })).toEqual({ from: 0, to: 2 });
  expect(readings.gap({ from: 2, to: 6 })).toEqual({ from: 4, to: 6 });
  expect(readings.gap({ from: 2, to: 4 })).toBeNull();
  expect(readings.gap({ from: 7, to: 7 })).toBeNull();
});

test("what would follow is known at the end that it was told for, until an edit", () => {
  const readings = new Readings();
  readings.putNext(4, [["雾", -1]]);
  expect(readings.next(4)).toEqual([["雾", -1]]);
  expect(readings.next(5)).toBeNull();
  readings.cut(3);
  expect(readings.next(4)).toBeNull();
});
