/** Citations of text blocks: of documents by their places, of searches by their addresses. */
import { asText, type JsonObject } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** Anthropic's kinds of citations. The places they name are in the documents, not in the answer's text. */
const KINDS = new Set<unknown>([
  "char_location",
  "page_location",
  "content_block_location",
  "web_search_result_location",
  "search_result_location",
]);

/** A citation as it was sent, with what every format can say of it. */
export function readCitation(raw: JsonObject): Citation {
  const url = asText(raw["url"]);
  const title = asText(raw["title"]) ?? asText(raw["document_title"]);
  const citedText = asText(raw["cited_text"]);
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { citedText }),
    raw,
  };
}

/** The citation in Anthropic's shape; none for one that has neither a place that Anthropic knows nor an address. */
export function writeCitation({ url, title, citedText, raw }: Citation): readonly JsonObject[] {
  if (raw && KINDS.has(raw["type"])) return [raw];
  if (url === undefined) return [];
  return [
    {
      type: "web_search_result_location",
      url,
      // Anthropic's own type allows null here, but the AI SDK refuses the whole stream for it.
      title: title ?? url,
      cited_text: citedText ?? "",
      encrypted_index: "",
    },
  ];
}
