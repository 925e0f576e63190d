/** The name of a file as the header Content-Disposition tells it (RFC 6266, RFC 8187). */

/** Return the name in any script, else the plain one; null where the header has none. */
export function fileNameOf(header: string): string | null {
  const coded = /(?:^|;)\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (coded) {
    try {
      return decodeURIComponent(coded);
    } catch (error) {
      if (!(error instanceof URIError)) throw error; // badly coded: the plain name is left
    }
  }
  return /(?:^|;)\s*filename\s*=\s*"([^"]*)"/i.exec(header)?.[1] || null;
}
