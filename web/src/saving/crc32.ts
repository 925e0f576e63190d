/**
 * The CRC-32 of zip and zlib, of a text in UTF-8. Those of the parts of a long text are remembered and combined, so that
 * after an edit only the part that was edited is read again.
 *
 * Combining is Mark Adler's method in zlib: to append n bytes multiplies the CRC by x^8n modulo the polynomial.
 */
import type { Text } from "@codemirror/state";

const POLYNOMIAL = 0xedb88320; // its bits reversed, as all that follow: the highest bit is x^0
const ONE = 0x80000000;

interface Part {
  crc: number;
  bytes: number;
}

const known = new WeakMap<Text, Part>();

export const crc32 = (text: Text): number => partOf(text).crc;

function partOf(text: Text): Part {
  const before = known.get(text);
  if (before) return before;
  const { children } = text as Text & { children: readonly Text[] | null };
  const part = children ? children.map(partOf).reduce((one, next) => joined(joined(one, BREAK), next)) : read(text);
  known.set(text, part);
  return part;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = timesX(byte);
  return byte;
});

function timesX(value: number): number {
  return value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
}

const encoder = new TextEncoder();

function read(text: Text | string): Part {
  const bytes = encoder.encode(text.toString());
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return { crc: (crc ^ 0xffffffff) >>> 0, bytes: bytes.length };
}

/** Between two parts of a text there is a line break, which is in neither. */
const BREAK = read("\n");

function joined(one: Part, next: Part): Part {
  return { crc: (product(power(next.bytes), one.crc) ^ next.crc) >>> 0, bytes: one.bytes + next.bytes };
}

/** Multiply two polynomials modulo the CRC's. */
function product(one: number, other: number): number {
  let sum = 0;
  for (let bit = ONE; bit; bit >>>= 1) {
    if (one & bit) sum ^= other;
    other = timesX(other);
  }
  return sum >>> 0;
}

/** x^(8 * 2^n) for every n. */
const SQUARES = Array.from({ length: 40 }, () => 0);
SQUARES[0] = ONE >>> 8;
for (let n = 1; n < SQUARES.length; n++) SQUARES[n] = product(SQUARES[n - 1] ?? 0, SQUARES[n - 1] ?? 0);

/** Return x^(8 * bytes) modulo the CRC's polynomial. */
function power(bytes: number): number {
  let result = ONE;
  for (let n = 0; bytes; n++, bytes = Math.floor(bytes / 2)) if (bytes % 2) result = product(SQUARES[n] ?? 0, result);
  return result;
}
