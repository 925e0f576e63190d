/** Candidates of one prompt while the server writes them side by side. */
import { beginWriting, stopWriting } from "../server/api";
import { ServerError } from "../server/client";
import { resumedEvents } from "../server/events";
import type { WritingEvent } from "../server/types";
import { type Candidate, cut, empty, grown } from "./candidate";

/** How it stands; `lost`: the connection is, and is tried again; `back`: it was, and is there again. */
export type Status = "idle" | "asking" | "waiting" | "streaming" | "lost" | "back";

/** How it ended: `end`: the model had no more to say; `gone`: the server was started again; `away`: nobody answers. */
export type Ending = { kind: "done" | "stopped" | "end" | "gone" | "away" } | { kind: "failed"; message: string };

export class Batch {
  status = $state<Status>("asking");
  candidates = $state.raw<readonly Candidate[]>([]);
  /** How many requests come first, while it waits. */
  ahead = $state(0);
  /** Characters a second, of all candidates together. */
  speed = $state(0);
  ending = $state.raw<Ending | null>(null);

  private readonly watching = new AbortController();
  private id: string | null = null;
  private coming: WritingEvent[] = [];
  private frame = 0;
  private began = 0;

  constructor(
    /** What was asked for; the samplers in force are told by the answer. */
    readonly wishes: Parameters<typeof beginWriting>[0],
    /** What stands before each of them in the passage. */
    readonly lead: string,
    /** Told once a frame what was added to each candidate. */
    private readonly onadded: (added: readonly string[]) => void,
  ) {}

  get busy(): boolean {
    return this.status !== "idle";
  }

  /** Write until the end, whatever it is. */
  async write(): Promise<void> {
    try {
      const { id, seeds } = await beginWriting(this.wishes);
      this.id = id;
      if (!this.busy) return this.leave(); // stopped while the server was asked
      this.candidates = seeds.map((seed, row) => empty(row, seed));
      this.began = performance.now();
      await this.watch(id);
      this.finish({ kind: "done" });
    } catch (error) {
      if (this.busy) this.finish(endingOf(error));
    }
  }

  /** End all candidates where they are shown now; nothing is added any more. */
  stop(): void {
    if (!this.busy) return;
    this.coming = [];
    this.finish({ kind: "stopped" });
    this.watching.abort();
    this.leave();
  }

  private leave(): void {
    if (this.id !== null) void stopWriting(this.id).catch(() => undefined); // a server that is gone has stopped
  }

  private async watch(id: string): Promise<void> {
    const { signal } = this.watching;
    const events = resumedEvents(`/desk/writings/${id}/events`, {
      signal,
      lost: () => this.busy && (this.status = "lost"),
      back: () => this.busy && (this.status = "back"),
    });
    for await (const event of events) {
      if (!this.busy) return;
      this.coming.push(event as unknown as WritingEvent);
      this.frame ||= requestAnimationFrame(() => this.show());
    }
  }

  /** Show what has come since the last frame, in one go. */
  private show(): void {
    this.frame = 0;
    const events = this.coming.splice(0);
    for (const { event, data } of events) {
      if (event === "failed") this.ending = { kind: "failed", message: data.message };
      else if (event === "waiting") Object.assign(this, { status: "waiting", ahead: data.ahead });
      else if (event === "piece" && this.status !== "back") this.status = "streaming";
    }
    const { candidates, added } = grown(this.candidates, events);
    this.candidates = candidates;
    const seconds = (performance.now() - this.began) / 1000;
    if (added.some(Boolean)) {
      this.speed = candidates.reduce((sum, one) => sum + one.text.length, 0) / Math.max(seconds, 0.05);
    }
    this.onadded(added);
  }

  private finish(ending: Ending): void {
    if (!this.busy) return;
    cancelAnimationFrame(this.frame);
    if (this.coming.length) this.show();
    const ended = ending.kind === "done" && this.candidates.every((one) => one.reason === "end");
    this.ending ??= ended ? { kind: "end" } : ending;
    this.candidates = cut(this.candidates);
    this.status = "idle";
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof ServerError && error.code === "writing_gone") return { kind: "gone" };
  if (error instanceof ServerError) return { kind: "failed", message: error.message };
  return { kind: "away" };
}
