/** How the model foresaw the text of the page, as far as that is known: tokens, and where each of them stands. */
import type { Token } from "../server/types";

/** A token and its place in the chapter. */
export interface Placed {
  from: number;
  to: number;
  token: Token;
}

export interface Stretch {
  from: number;
  to: number;
}

/** Return the tokens of a text with their places; the text begins at `from`. */
export function placed(from: number, tokens: readonly Token[]): Placed[] {
  return tokens.map((token) => {
    const one = { from, to: from + token.text.length, token };
    from = one.to;
    return one;
  });
}

/**
 * What is known, in the order of the text. A token's likelihood depends on all that stands before it, and on nothing
 * after it: so an edit lets go of everything from there on, and of nothing else.
 */
export class Readings {
  private tokens: Placed[] = [];
  private following: { at: number; top: Token["top"] } | null = null;

  /** Return the token of the character after a place. */
  at(place: number): Placed | null {
    const found = this.tokens[this.firstAfter(place)];
    return found && found.from <= place ? found : null;
  }

  /** Return the tokens that lie in a stretch, in part at least. */
  within({ from, to }: Stretch): Placed[] {
    const first = this.firstAfter(from);
    let end = first;
    while ((this.tokens[end]?.from ?? Infinity) < to) end++;
    return this.tokens.slice(first, end);
  }

  /** Return the first part of a stretch of which nothing is known. */
  gap({ from, to }: Stretch): Stretch | null {
    for (const one of this.within({ from, to })) {
      if (one.from > from) return { from, to: one.from };
      from = one.to;
    }
    return from < to ? { from, to } : null;
  }

  /** Add the tokens of a text; what was known before stays. */
  put(from: number, tokens: readonly Token[]): void {
    const fresh = placed(from, tokens).filter((one) => one.to > one.from && !this.within(one).length);
    this.tokens = [...this.tokens, ...fresh].sort((a, b) => a.from - b.from);
  }

  /** Return what would most likely come at the end of the chapter. */
  next(at: number): Token["top"] | null {
    return this.following?.at === at ? this.following.top : null;
  }

  putNext(at: number, top: Token["top"]): void {
    this.following = { at, top };
  }

  /** Let go of what was read from a place on. */
  cut(place: number): void {
    const first = this.firstAfter(place);
    if (first < this.tokens.length) this.tokens = this.tokens.slice(0, first);
    if (this.following && this.following.at >= place) this.following = null;
  }

  /** Return the number of the first token that ends after a place. */
  private firstAfter(place: number): number {
    let low = 0;
    let high = this.tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.tokens[middle]?.to ?? 0) > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
