/** What the demo model's operations other than conversations answer with. */

/** JSON, bytes as they are, or events with their types and without an end mark. */
export type DemoAnswer =
  | { readonly kind: "json"; readonly body: object }
  | { readonly kind: "bytes"; readonly contentType: string; readonly body: string | Uint8Array }
  | { readonly kind: "events"; readonly events: readonly object[] };

/** The text of a document or of a part of a message: itself, or what it holds as `text`; empty for an image. */
export function textOf(item: unknown): string {
  if (typeof item === "string") return item;
  const text: unknown = typeof item === "object" && item !== null && "text" in item ? item.text : undefined;
  return typeof text === "string" ? text : "";
}
