/** Which calls the list shows. */
import type { CallRow } from "../../api/call-row.ts";

/** Empty texts let everything through. */
export interface CallFilter {
  /** Words, each of which must be somewhere in the line, its ids or what the caller said. Case does not count. */
  readonly text: string;
  readonly key: string;
  readonly model: string;
  readonly level: string;
}

export const NO_FILTER: CallFilter = { text: "", key: "", model: "", level: "" };

/** Tells whether a call is let through. */
export function rowMatcher({ text, key, model, level }: CallFilter): (row: CallRow) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (key !== "" && row.key !== key) return false;
    if (model !== "" && row.model !== model) return false;
    if (level !== "" && row.level !== level) return false;
    if (words.length === 0) return true;
    const searched = searchedText(row);
    return words.every((word) => searched.includes(word));
  };
}

/** The values that a select offers, sorted. */
export function distinct(rows: readonly CallRow[], field: "key" | "model" | "level"): readonly string[] {
  return [...new Set(rows.flatMap((row) => row[field] ?? []))].toSorted();
}

function searchedText(row: CallRow): string {
  const { name, message, key, tenant, model, provider, endpoint, status, preview, id, traceId } = row;
  return [name, message, key, tenant, model, provider, endpoint, status, preview, id, traceId]
    .join(" ")
    .toLowerCase();
}
