import { expect, test } from "vitest";
import type { RevisionEntry } from "../server/types";
import { byDay, daysBefore, listed } from "./stretches";

const at = (number: number, created: string, characters: number): RevisionEntry => ({
  chapter: 1,
  number,
  characters,
  created,
});
const WORK = [
  at(1, "2026-03-01T09:00:00Z", 0),
  at(2, "2026-03-01T09:00:04Z", 40),
  at(3, "2026-03-01T09:09:59Z", 300),
  at(4, "2026-03-01T09:10:00Z", 310),
  at(5, "2026-03-02T20:00:00Z", 250),
];
const numbers = (all: boolean) => listed(WORK, all).map((one) => one.revision.number);

test("of a stretch of work the last revision is listed, and always the first and the newest", () => {
  expect(numbers(false)).toEqual([5, 4, 3, 1]);
  expect(numbers(true)).toEqual([5, 4, 3, 2, 1]);
});

test("growth is since the revision that is listed before", () => {
  expect(listed(WORK, false).map((one) => one.grew)).toEqual([-60, 10, 300, 0]);
});

test("a day has all of its revisions, newest first", () => {
  const days = byDay(listed(WORK, false), (time) => time.toISOString().slice(0, 10));
  expect(days.map(({ day, of }) => [day, of.length])).toEqual([
    ["2026-03-02", 1],
    ["2026-03-01", 3],
  ]);
});

test("a minute before midnight is a day before", () => {
  expect(daysBefore(new Date(2026, 2, 1, 23, 59), new Date(2026, 2, 2, 0, 1))).toBe(1);
  expect(daysBefore(new Date(2026, 2, 2, 0, 0), new Date(2026, 2, 2, 23, 59))).toBe(0);
});
