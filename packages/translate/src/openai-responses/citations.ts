/** The annotations of an output text (OpenAI API reference, "The response object"). */
import { asCount, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** Reads an annotation; none for what is no object. Those of files have no URL and are kept as they are. */
export function readCitation(item: unknown): readonly Citation[] {
  const annotation = asObject(item);
  if (!annotation) return [];
  const url = asText(annotation["url"]);
  const title = asText(annotation["title"]) ?? asText(annotation["filename"]);
  const startIndex = asCount(annotation["start_index"]);
  const endIndex = asCount(annotation["end_index"]);
  return [
    {
      ...(url !== undefined && { url }),
      ...(title !== undefined && { title }),
      ...(startIndex !== undefined && { startIndex }),
      ...(endIndex !== undefined && { endIndex }),
      raw: annotation,
    },
  ];
}

/**
 * The citation as an annotation; none without a URL, for clients check the fields of each type. Without a place of its own
 * it supports the text so far.
 */
export function writeCitation(
  { url, title, startIndex, endIndex }: Citation,
  textLength: number,
): readonly JsonObject[] {
  if (url === undefined) return [];
  return [
    {
      type: "url_citation",
      url,
      title: title ?? url,
      start_index: startIndex ?? 0,
      end_index: endIndex ?? textLength,
    },
  ];
}
