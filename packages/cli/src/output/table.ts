/** Text in columns. */
import { styled } from "./style.ts";

const GAP = "  ";

/** Rows below a head, as wide as needed. Numbers are flush right: name their columns in `right`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly hasColours: boolean; readonly right?: readonly string[] },
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return options.right?.includes(head[column] ?? "") ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  return [styled(options, "bold", line(head)), ...rows.map(line)].join("\n");
}

/** Names with their values, one on each line; those without a value are left out. */
export function fields(entries: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = entries.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}${GAP}${value ?? ""}`).join("\n");
}
