/** What was offered is remembered in the store, with what became of it, and can be looked at and taken again. */
import type { Desk } from "../desk.svelte";
import { judgeCandidate, listCandidates, offerCandidates } from "../server/api";
import { ServerError, ServerGone } from "../server/client";
import type { Candidate, Verdict } from "../server/types";
import type { Batch } from "./batch.svelte";

export class Offers {
  /** What was offered for the open chapter, newest first; empty until it is asked for. */
  past = $state.raw<readonly Candidate[]>([]);
  /** Whether the server could not tell. */
  away = $state(false);

  /** The candidates of a batch as the store has them, by their rows. */
  private readonly kept = new WeakMap<Batch, Promise<ReadonlyMap<number, Candidate>>>();

  constructor(private readonly desk: Desk) {}

  /** Remember a batch that has ended. */
  async offer(batch: Batch): Promise<void> {
    const known = this.kept.get(batch) ?? this.send(batch);
    this.kept.set(batch, known);
    await known;
  }

  /** Remember what became of a batch: one of its rows was kept, or none. */
  async judge(batch: Batch, row: number | null): Promise<void> {
    const known = await this.kept.get(batch);
    for (const [its, { id, verdict }] of known ?? []) {
      const now: Verdict = its === row ? "kept" : "discarded";
      if (verdict !== now) await quietly(judgeCandidate(id, now));
    }
  }

  /** Look at what was offered for the open chapter. */
  async list(): Promise<void> {
    const { chapter } = this.desk;
    if (!chapter) return this.forget();
    const found = await quietly(listCandidates(chapter.id));
    this.away = found === null;
    if (found && this.desk.chapter?.id === chapter.id) this.past = found.reverse();
  }

  /** The list is another chapter's. */
  forget(): void {
    this.past = [];
    this.away = false;
  }

  private async send(batch: Batch): Promise<ReadonlyMap<number, Candidate>> {
    await this.desk.saving.save();
    const { chapter, saving } = this.desk;
    const written = batch.candidates.filter((one) => one.text.trim());
    if (!chapter || !saving.revision || !written.length) return new Map();
    const { scene: _, ...settings } = batch.wishes;
    const lead = batch.lead.replace(/^\n/, ""); // below a heading it is not part of the text
    const candidates = written.map((one) => ({ text: lead + one.text, seed: one.seed, settings }));
    const stored = await quietly(offerCandidates(chapter.id, { revision: saving.revision, candidates }));
    return new Map((stored ?? []).map((one, index) => [written[index]?.row ?? -1, one]));
  }
}

/** Return what the server says; null where it cannot: the page does not need it, for the text itself is saved anyway. */
async function quietly<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ServerError || error instanceof ServerGone) return null;
    throw error;
  }
}
