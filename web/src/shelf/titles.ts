/** Titles of chapters: the first line of their text, and the one that a new chapter would have. */
import type { Span } from "../page/ink";
import { chinese, numberOf } from "./numerals";

const NUMBERED = /^(第)([零〇一二三四五六七八九十百千两]+|\d{1,4})([章回节集折])/;
const ENGLISH = /^(Chapter )(\d{1,4})()\b/i;

/** Return the numbered title that follows the last one, in its manner; "" where the last has no number. */
export function nextTitle(last: string | undefined): string {
  const found = NUMBERED.exec(last ?? "") ?? ENGLISH.exec(last ?? "");
  if (!found) return last === undefined ? "第一章" : "";
  const [, before, number = "", after] = found;
  const inDigits = /^\d+$/.test(number);
  const value = inDigits ? Number(number) : numberOf(number);
  if (value === null || value >= 9999) return "";
  const next = inDigits ? String(value + 1).padStart(number.length, "0") : chinese(value + 1);
  return `${before}${next}${after}`;
}

/** Return a text with another first line, and where its ink is then; the ink of the old line goes with it. */
export function retitled(text: string, spans: readonly Span[], title: string): { text: string; spans: Span[] } {
  const end = text.indexOf("\n") < 0 ? text.length : text.indexOf("\n");
  const shift = title.length - end;
  const kept = spans.flatMap((span) =>
    span.to > end ? [{ ...span, from: Math.max(span.from, end) + shift, to: span.to + shift }] : [],
  );
  return { text: title + text.slice(end), spans: kept };
}

/** Return a title as it may be: one line without blanks around it, no longer than the store takes. */
export const tidy = (title: string): string =>
  title
    .replace(/[\r\n\t]+ ?/g, " ")
    .trim()
    .slice(0, 500);
