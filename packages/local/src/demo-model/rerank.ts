/** Rankings as Cohere makes them ("Rerank API v2"): by the share of the query's words that a document has. */
import { randomUUID } from "node:crypto";
import { textOf } from "./answer.ts";
import { apiError, errorOnRequest } from "./api-error.ts";

interface RawRequest {
  readonly model?: unknown;
  readonly query?: unknown;
  readonly documents?: unknown;
  readonly top_n?: unknown;
  readonly return_documents?: unknown;
}

/** The answer to a request. Throws `ApiError` for one that cannot be ranked. */
export function rerank(body: unknown): object {
  const { model, query, documents, top_n, return_documents } = body as RawRequest;
  if (typeof model !== "string") throw apiError(400, "model is required", { param: "model" });
  if (typeof query !== "string" || query === "") {
    throw apiError(400, "query must not be empty", { param: "query" });
  }
  if (!Array.isArray(documents) || documents.length === 0) {
    throw apiError(400, "documents must not be empty", { param: "documents" });
  }
  const asked = errorOnRequest(model, query);
  if (asked) throw asked;
  const wanted = wordsOf(query);
  const results = (documents as readonly unknown[])
    .map((document, index) => ({
      index,
      relevance_score: shareIn(wanted, wordsOf(textOf(document))),
      ...(return_documents === true && { document: { text: textOf(document) } }),
    }))
    .toSorted((one, other) => other.relevance_score - one.relevance_score);
  return {
    id: randomUUID(),
    results: typeof top_n === "number" ? results.slice(0, top_n) : results,
    meta: { api_version: { version: "2" }, billed_units: { search_units: 1 } },
  };
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

function shareIn(wanted: ReadonlySet<string>, words: ReadonlySet<string>): number {
  return wanted.size === 0 ? 0 : [...wanted].filter((word) => words.has(word)).length / wanted.size;
}
