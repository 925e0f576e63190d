/** A token in words: what could not be seen of it has a name. */
import type { Words } from "../words/zh";
import { visible } from "./alternatives";

export function named(text: string, words: Words["why"]): string {
  return visible(text)
    .map((piece) => ("text" in piece ? piece.text : words.times(words[piece.name], piece.times)))
    .join(" ");
}
