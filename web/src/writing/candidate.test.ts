import { describe, expect, test } from "vitest";
import type { FinishReason, WritingEvent } from "../server/types";
import { cut, empty, grown, tokenAt } from "./candidate";

const token = (text: string) => ({ text, logprob: -1, top: [] });
const piece = (row: number, text: string): WritingEvent => ({
  event: "piece",
  data: { row, text, tokens: [...text].map(token) },
});
const finish = (row: number, reason: FinishReason): WritingEvent => ({
  event: "finish",
  data: { row, reason, characters: 1, seconds: 2 },
});
const two = () => [empty(0, 7), empty(1, 8)];

describe("candidates", () => {
  test("grow side by side, and what is new of each is told apart", () => {
    const { candidates, added } = grown(grown(two(), [piece(0, "雾")]).candidates, [
      piece(1, "江"),
      piece(0, "起"),
      piece(0, "来"),
    ]);
    expect(candidates.map((one) => one.text)).toEqual(["雾起来", "江"]);
    expect(added).toEqual(["起来", "江"]);
    expect(candidates[0]?.tokens.map((one) => one.text)).toEqual(["雾", "起", "来"]);
  });

  test("end one by one, each for its reason", () => {
    const { candidates } = grown(two(), [piece(0, "雾"), finish(0, "end")]);
    expect(candidates.map((one) => one.reason)).toEqual(["end", null]);
    expect(cut(candidates).map((one) => one.reason)).toEqual(["end", "cancelled"]);
  });

  test("do not mind events of a row that they do not have", () => {
    expect(grown(two(), [piece(5, "雾"), finish(5, "end")]).added).toEqual(["", ""]);
  });
});

test("a place of the text is found in its token", () => {
  const tokens = [token("船家"), token("把"), token("篙")];
  expect(tokenAt(tokens, 1)).toEqual({ token: tokens[0], from: 0 });
  expect(tokenAt(tokens, 3)).toEqual({ token: tokens[2], from: 3 });
  expect(tokenAt(tokens, 4)).toBeNull();
});
