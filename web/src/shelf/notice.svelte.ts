/** What the shelf has to say, in one quiet line: what was done and can be undone, or what the server would not do. */
import { ServerError, ServerGone } from "../server/client";
import type { Words } from "../words/zh";

/** A line in whatever language the desk speaks. */
export type Line = (words: Words["shelf"]) => string;
export type Outcome = "done" | "gone" | "refused";

export class Notice {
  line = $state.raw<Line | null>(null);
  /** Takes back what the line tells of. */
  undo = $state.raw<(() => Promise<unknown>) | null>(null);
  /** What is told only to those who do not see the list: where a row was moved to. */
  announced = $state.raw<Line | null>(null);
  private last: Promise<unknown> = Promise.resolve();

  tell(line: Line, undo: (() => Promise<unknown>) | null = null): void {
    this.line = line;
    this.undo = undo;
  }

  clear(): void {
    this.line = this.undo = null;
  }

  /** Do one thing after the other; where the server says no, or nothing, tell so. */
  attempt(work: () => Promise<void>): Promise<Outcome> {
    const outcome = this.last.then(() => this.tried(work));
    this.last = outcome.catch(() => undefined); // whoever asked for it is told; the next goes on
    return outcome;
  }

  private async tried(work: () => Promise<void>): Promise<Outcome> {
    this.clear();
    try {
      await work();
      return "done";
    } catch (error) {
      if (error instanceof ServerGone) {
        this.tell((words) => words.gone);
        return "gone";
      }
      if (!(error instanceof ServerError)) throw error;
      this.tell((words) => words.refused(error.message));
      return "refused";
    }
  }
}
