/** Cuts a list into runs that fit a size. */

/** Items `from` up to, not with, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Bytes between two items: the comma of a JSON list. */
const SEPARATOR_BYTES = 1;

/** The fewest runs of neighbours that each fit `limitBytes` and `limitItems`. An item above the limit gets a run of its own. */
export function packBySize(
  items: readonly Uint8Array[],
  limitBytes: number,
  limitItems = Number.POSITIVE_INFINITY,
): Range[] {
  const ranges: Range[] = [];
  let from = 0;
  let bytes = 0;
  items.forEach((item, index) => {
    const grown = bytes + (index > from ? SEPARATOR_BYTES : 0) + item.byteLength;
    if (index > from && (grown > limitBytes || index - from >= limitItems)) {
      ranges.push({ from, to: index });
      from = index;
      bytes = item.byteLength;
    } else {
      bytes = grown;
    }
  });
  if (items.length > 0) ranges.push({ from, to: items.length });
  return ranges;
}
