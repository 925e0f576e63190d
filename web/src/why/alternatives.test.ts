import { expect, test } from "vitest";
import { zh } from "../words/zh";
import { alternativesOf, onPage, visible } from "./alternatives";
import { named } from "./named";

const log = Math.log;

test("what stands there is marked where it is among the likeliest", () => {
  const list = alternativesOf(
    [
      ["他", log(0.5)],
      ["雾", log(0.25)],
    ],
    { text: "雾", logprob: log(0.25) },
  );
  expect(list.map(({ text, stands }) => [text, stands])).toEqual([
    ["他", false],
    ["雾", true],
  ]);
  expect(list.map((one) => one.share)).toEqual([1, 0.5]);
});

test("what stands there comes last where it is not among the likeliest", () => {
  const list = alternativesOf([["他", -1]], { text: "鹤", logprob: -9 });
  expect(list.map((one) => one.text)).toEqual(["他", "鹤"]);
  expect(list[1]).toMatchObject({ stands: true, logprob: -9 });
});

test("half characters and nothing at all are left out", () => {
  const top: [string, number][] = [
    ["\uFFFD", -1],
    ["", -1],
    ["江\uFFFD", -1],
    ["江", -2],
  ];
  expect(alternativesOf(top, null).map((one) => one.text)).toEqual(["江"]);
});

test("what nobody would see has a name", () => {
  expect(visible("。\n\n　　“")).toEqual([
    { text: "。" },
    { name: "newline", times: 2 },
    { name: "blank", times: 2 },
    { text: "“" },
  ]);
  expect(["\n", " ", "。\n\n", "忽然"].map((text) => named(text, zh.why))).toEqual([
    "换行",
    "空格",
    "。 换行×2",
    "忽然",
  ]);
});

test("indents are not put on the page, and blanks within a line are", () => {
  expect(onPage("。\n　　雾", false)).toBe("。\n雾");
  expect(onPage("　　雾", true)).toBe("雾");
  expect(onPage(" 雾", false)).toBe(" 雾");
});
