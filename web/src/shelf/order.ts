/** Places in a list that is put in order by hand. */

/** Return the list with the item at `from` moved so that `to` others come before it. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

/** Return how many others come before an item that is dropped into a gap; gap 0 is before the first item. */
export const placeIn = (gap: number, from: number): number => (gap > from ? gap - 1 : gap);

/** Return the gap that lies nearest to a height, in a list of `count` rows of one height. */
export const gapAt = (height: number, row: number, count: number): number =>
  Math.min(count, Math.max(0, Math.round(height / row)));

/** Return what takes the place of the item at an index once it is gone: the next, else the one before. */
export const neighbour = <T>(list: readonly T[], index: number): T | undefined => list[index + 1] ?? list[index - 1];
