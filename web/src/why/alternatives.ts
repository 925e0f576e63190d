/** What could have stood in a place, as it is listed: likeliest first, and what does stand there among them. */

export interface Alternative {
  text: string;
  logprob: number;
  /** Whether it is what stands there. */
  stands: boolean;
  /** How likely it is beside the likeliest, for its bar. */
  share: number;
}

/** A piece of a token as it is shown: letters as they are, and what could not be seen by its name. */
export type Visible = { text: string } | { name: "newline" | "blank"; times: number };

const HALF = "\uFFFD"; // stands for what is not a whole character
const UNSEEN = /\n+|[ \t\u00A0\u3000]+/g;

/** Return the list of a place; what stands there comes last where it is not among the likeliest. */
export function alternativesOf(
  top: readonly (readonly [text: string, logprob: number])[],
  standing: { text: string; logprob: number | null } | null,
): Alternative[] {
  const whole = top.filter(([text]) => text && !text.includes(HALF));
  const all = whole.map(([text, logprob]) => ({ text, logprob, stands: text === standing?.text }));
  if (standing && standing.logprob !== null && !all.some((one) => one.stands)) {
    all.push({ text: standing.text, logprob: standing.logprob, stands: true });
  }
  const most = Math.max(...all.map((one) => one.logprob));
  return all.map((one) => ({ ...one, share: Math.exp(one.logprob - most) }));
}

/** Take a token apart into what is seen as it is and what has to be named. */
export function visible(text: string): Visible[] {
  const pieces: Visible[] = [];
  let shown = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > shown) pieces.push({ text: text.slice(shown, match.index) });
    pieces.push({ name: match[0].startsWith("\n") ? "newline" : "blank", times: match[0].length });
    shown = match.index + match[0].length;
  }
  if (shown < text.length) pieces.push({ text: text.slice(shown) });
  return pieces;
}

/** Return what of a token is put on the page, where paragraphs have no indents. */
export function onPage(text: string, atLineStart: boolean): string {
  return text.replace(atLineStart ? /(^|\n)[ \t\u3000]+/g : /(\n)[ \t\u3000]+/g, "$1");
}
