/** Figures of several rounds, and their form in the table. */

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** What is kept of a figure's rounds: the lowest is the least disturbed one, the median shows how much that is. */
export interface Figure {
  readonly lowest: number;
  readonly median: number;
}

/** The figure of several rounds. */
export function figureOf(rounds: readonly number[]): Figure {
  return { lowest: Math.min(...rounds), median: median(rounds) };
}

/** How many times `of` the figure is, lowest by lowest and median by median. */
export function ratio(figure: Figure, of: Figure): Figure {
  return { lowest: figure.lowest / of.lowest, median: figure.median / of.median };
}

/** For example `94.1 (138)`: three digits each. */
export function formatFigure({ lowest, median }: Figure): string {
  return `${threeDigits(lowest)} (${threeDigits(median)})`;
}

function threeDigits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(Math.abs(value) >= 0.1 ? 3 : 2);
}

/** A table in Markdown: the first row is the head, the first column is text. */
export function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
