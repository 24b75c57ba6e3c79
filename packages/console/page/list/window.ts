/** Which lines of a long list are on the screen. */

/** Lines from `from` on, before `to`. */
export interface LineWindow {
  readonly from: number;
  readonly to: number;
}

/** Lines beyond each edge, so that a quick scroll meets no empty place. */
const SPARE = 8;

/** Heights and `scrollTop` in the same unit. */
export function visibleLines(
  count: number,
  {
    scrollTop,
    height,
    lineHeight,
  }: { readonly scrollTop: number; readonly height: number; readonly lineHeight: number },
): LineWindow {
  const first = Math.floor(scrollTop / lineHeight) - SPARE;
  const last = Math.ceil((scrollTop + height) / lineHeight) + SPARE;
  const from = Math.max(0, Math.min(first, count));
  return { from, to: Math.max(from, Math.min(last, count)) };
}
