import { describe, expect, test } from "vitest";
import { empty } from "../writing/candidate";
import { zh } from "../words/zh";
import { isTrouble, lineOf, type Standing } from "./line";

const words = zh.candidates;
const idle: Standing = { status: "idle", ahead: 0, ending: null, candidates: [] };
const written = (...texts: string[]) => texts.map((text, row) => ({ ...empty(row, row), text }));

describe("the line of how the writing stands", () => {
  test("says nothing before anything was asked for", () => {
    expect(lineOf(idle, words)).toBe("");
  });

  test("tells how many come first, and when it is one's turn", () => {
    expect(lineOf({ ...idle, status: "waiting", ahead: 2 }, words)).toBe("你前面还有 2 位");
    expect(lineOf({ ...idle, status: "waiting", ahead: 0 }, words)).not.toContain("0");
  });

  test("offers the keys of the others where there are several", () => {
    const done: Standing = { ...idle, ending: { kind: "done" } };
    expect(lineOf({ ...done, candidates: written("雾", "江", "船") }, words)).toContain("Alt+1…3");
    expect(lineOf({ ...done, candidates: written("雾") }, words)).toBe(words.endings.done);
  });

  test("says in the server's words why nothing came of it", () => {
    expect(lineOf({ ...idle, ending: { kind: "failed", message: "too much" } }, words)).toContain("too much");
  });

  test("counts a lost connection as trouble, and one that is back as none", () => {
    expect(isTrouble({ status: "lost", ending: null })).toBe(true);
    expect(isTrouble({ status: "back", ending: null })).toBe(false);
    expect(isTrouble({ status: "idle", ending: { kind: "gone" } })).toBe(true);
    expect(isTrouble({ status: "idle", ending: { kind: "stopped" } })).toBe(false);
  });
});
