/** The one quiet line that says how the writing stands. */
import type { Ending, Status } from "../writing/batch.svelte";
import type { Candidate } from "../writing/candidate";
import type { Words } from "../words/zh";

export interface Standing {
  status: Status;
  ahead: number;
  ending: Ending | null;
  candidates: readonly Candidate[];
}

/** Return what the author is told; "" before anything was asked for. */
export function lineOf({ status, ahead, ending, candidates }: Standing, words: Words["candidates"]): string {
  if (status === "waiting") return words.states.waiting(ahead);
  if (status !== "idle") return words.states[status];
  if (!ending) return "";
  if (ending.kind === "failed") return words.endings.failed(ending.message);
  const written = candidates.filter((one) => one.text);
  if (ending.kind === "done") return written.length > 1 ? words.endings.many(candidates.length) : words.endings.done;
  return words.endings[ending.kind];
}

/** Whether it tells of something that went wrong, or is about to. */
export const isTrouble = ({ status, ending }: Pick<Standing, "status" | "ending">): boolean =>
  status === "lost" || (status === "idle" && ["gone", "away", "failed"].includes(ending?.kind ?? ""));
