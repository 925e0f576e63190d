/** A history that can be read: of the many times that a chapter was saved, those that a writer would remember. */
import type { RevisionEntry } from "../server/types";

/** A revision, and how many characters it has more than the one listed before it. */
export interface Listed {
  revision: RevisionEntry;
  grew: number;
}

const STRETCH = 10 * 60_000; // milliseconds

/** Return, newest first, the last revision of each stretch of work, and the very first; or all of them. */
export function listed(revisions: readonly RevisionEntry[], all: boolean): Listed[] {
  const kept = all
    ? revisions
    : revisions.filter((one, index) => {
        const next = revisions[index + 1];
        return index === 0 || !next || stretch(one) !== stretch(next);
      });
  return kept
    .map((revision, index) => ({ revision, grew: revision.characters - (kept[index - 1]?.characters ?? 0) }))
    .reverse();
}

const stretch = (revision: RevisionEntry): number => Math.floor(Date.parse(revision.created) / STRETCH);

/** Return the days of a list and what is of each, in the order of the list; `dayOf` names the day of a time. */
export function byDay(list: readonly Listed[], dayOf: (time: Date) => string): { day: string; of: Listed[] }[] {
  const days: { day: string; of: Listed[] }[] = [];
  for (const one of list) {
    const day = dayOf(new Date(one.revision.created));
    const last = days.at(-1);
    if (last?.day === day) last.of.push(one);
    else days.push({ day, of: [one] });
  }
  return days;
}

/** Return how many days before another a time lies, by the calendar of this place. */
export function daysBefore(time: Date, now: Date): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(now) - midnight(time)) / 86_400_000);
}
