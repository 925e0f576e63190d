import { expect, test } from "vitest";
import { gapAt, moved, neighbour, placeIn } from "./order";

test("an item goes to where so many others come before it", () => {
  expect(moved(["一", "二", "三", "四"], 0, 2)).toEqual(["二", "三", "一", "四"]);
  expect(moved(["一", "二", "三", "四"], 3, 0)).toEqual(["四", "一", "二", "三"]);
  expect(moved(["一", "二"], 1, 1)).toEqual(["一", "二"]);
  expect(moved(["一", "二"], 0, 9)).toEqual(["二", "一"]);
});

test("dropping into the gap on either side of an item leaves it where it is", () => {
  expect([placeIn(2, 2), placeIn(3, 2)]).toEqual([2, 2]);
  expect([placeIn(0, 2), placeIn(4, 2)]).toEqual([0, 3]);
});

test("the nearest gap is within the list", () => {
  expect([gapAt(-40, 32, 3), gapAt(15, 32, 3), gapAt(17, 32, 3), gapAt(500, 32, 3)]).toEqual([0, 0, 1, 3]);
});

test("after what is deleted comes the next, else the one before, else nothing", () => {
  expect([neighbour(["一", "二"], 0), neighbour(["一", "二"], 1), neighbour(["一"], 0)]).toEqual([
    "二",
    "一",
    undefined,
  ]);
});
