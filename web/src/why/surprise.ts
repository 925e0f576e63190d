/** How little a token was foreseen: in bits, and in steps that have a name. */

/** From so many bits on, the next step begins; 1 bit is a chance of one in two, 10 bits of one in a thousand. */
export const BOUNDS = [1, 4, 7, 10] as const;

/** 0: as good as certain; 4: hardly to be thought of. */
export type Step = 0 | 1 | 2 | 3 | 4;

/** Return the surprise of what has this logprob (a natural logarithm). */
export const bitsOf = (logprob: number): number => Math.max(0, -logprob / Math.LN2);

export const stepOf = (bits: number): Step => BOUNDS.filter((bound) => bits >= bound).length as Step;

/** Return a chance as a writer reads it: no more digits than mean something. */
export function percentOf(logprob: number): string {
  const percent = Math.min(1, Math.exp(logprob)) * 100;
  if (percent < 0.01) return "<0.01%";
  return `${percent.toFixed(percent < 1 ? 2 : percent < 9.95 ? 1 : 0)}%`;
}
