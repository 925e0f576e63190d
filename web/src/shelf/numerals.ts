/** Chinese numerals as chapters are numbered with: 一, 十二, 一百零三, 二十. */

const DIGITS = "零一二三四五六七八九";
const UNITS: readonly [string, number][] = [
  ["千", 1000],
  ["百", 100],
  ["十", 10],
];

/** Return a number up to 9999 in Chinese. */
export function chinese(number: number): string {
  let written = "";
  let rest = number;
  for (const [unit, worth] of UNITS) {
    const digit = Math.floor(rest / worth);
    rest %= worth;
    if (digit) written += DIGITS[digit] + unit;
    else if (written && rest && !written.endsWith("零")) written += "零";
  }
  written += rest ? DIGITS[rest] : "";
  return (written || "零").replace(/^一十/, "十");
}

/** Return the number that is written in Chinese; null where it is none. */
export function numberOf(written: string): number | null {
  let sum = 0;
  let digit: number | null = null;
  for (const character of written.replace("〇", "零").replace("两", "二")) {
    const worth = UNITS.find(([unit]) => unit === character)?.[1];
    const value = DIGITS.indexOf(character);
    if (worth) sum += (digit ?? 1) * worth;
    else if (value < 0) return null;
    digit = worth ? null : value || null;
  }
  const number = sum + (digit ?? 0);
  return written && chinese(number) === written.replace("〇", "零").replace("两", "二") ? number : null;
}
