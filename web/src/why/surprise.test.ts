import { expect, test } from "vitest";
import { bitsOf, percentOf, stepOf } from "./surprise";

test("what is certain has no surprise, and one chance in eight has three bits", () => {
  expect(bitsOf(0)).toBe(0);
  expect(bitsOf(Math.log(1 / 8))).toBeCloseTo(3);
});

test("a step begins at its bound", () => {
  expect([0, 0.99, 1, 3.99, 4, 7, 9.99, 10, 40].map(stepOf)).toEqual([0, 0, 1, 1, 2, 3, 3, 4, 4]);
});

test("a chance has as many digits as mean something", () => {
  const shown = [1, 0.999, 0.372, 0.0996, 0.033, 0.00994, 0.0032, 0.00004].map((chance) => percentOf(Math.log(chance)));
  expect(shown).toEqual(["100%", "100%", "37%", "10%", "3.3%", "0.99%", "0.32%", "<0.01%"]);
});
