/** One continuation while it is written, and after. */
import type { FinishReason, Token, WritingEvent } from "../server/types";

export interface Candidate {
  /** Its number among those of its batch, from 0. */
  row: number;
  seed: number;
  text: string;
  /** Those of its text, where the model gives them; the list grows in place. */
  tokens: Token[];
  /** Why it ended; null while it grows. */
  reason: FinishReason | null;
  seconds: number;
}

export const empty = (row: number, seed: number): Candidate => ({
  row,
  seed,
  text: "",
  tokens: [],
  reason: null,
  seconds: 0,
});

/** Return the candidates after some events, and what was added to each of them. */
export function grown(
  candidates: readonly Candidate[],
  events: readonly WritingEvent[],
): { candidates: Candidate[]; added: string[] } {
  const after = [...candidates];
  const added = candidates.map(() => "");
  for (const { event, data } of events) {
    if (event !== "piece" && event !== "finish") continue;
    const candidate = after[data.row];
    if (!candidate) continue;
    if (event === "finish") {
      after[data.row] = { ...candidate, reason: data.reason, seconds: data.seconds };
    } else {
      candidate.tokens.push(...data.tokens);
      after[data.row] = { ...candidate, text: candidate.text + data.text };
      added[data.row] += data.text;
    }
  }
  return { candidates: after, added };
}

/** Return the candidates with those that still grew ended where they are. */
export const cut = (candidates: readonly Candidate[]): Candidate[] =>
  candidates.map((one) => (one.reason ? one : { ...one, reason: "cancelled" }));

/** Return the token that holds the character at a place of the candidate's text, and where the token begins. */
export function tokenAt(tokens: readonly Token[], place: number): { token: Token; from: number } | null {
  let from = 0;
  for (const token of tokens) {
    if (place < from + token.text.length) return { token, from };
    from += token.text.length;
  }
  return null;
}
