/** The aliases of a card, as they are typed in one line. */

const SEPARATORS = /[,，、､;；\n]/;

/** Return the aliases of a line, each once; commas and semicolons of any width separate them. */
export function aliasesOf(line: string): string[] {
  const aliases = line.split(SEPARATORS).map((alias) => alias.trim());
  return [...new Set(aliases.filter(Boolean))];
}

export const lineOfAliases = (aliases: readonly string[]): string => aliases.join("、");
