import { expect, test } from "vitest";
import { alsoSet } from "./presets";

const names = { greedy: "总取最可能的字", top_p_newline: "换行后的取舍", temperature_when: "温度后算" };

test("what a preset also sets is told with its number, if it has one", () => {
  const values = { temperature: 0.9, top_p_newline: 0.9, temperature_when: "after" };
  expect(alsoSet(values, names)).toEqual(["换行后的取舍 0.9", "温度后算"]);
});

test("what does nothing is not told, nor what has a slider", () => {
  expect(alsoSet({ greedy: false, temperature_when: "before", top_p: 0.5 }, names)).toEqual([]);
});
