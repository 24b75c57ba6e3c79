import type { Note, Unsupported } from "@sluice/translate";

/** A `Note` that keeps what it is told. */
export function createNotes(): { readonly note: Note; readonly notes: Unsupported[] } {
  const notes: Unsupported[] = [];
  return { note: (unsupported) => notes.push(unsupported), notes };
}
