/** Reads the ranking of passages (Cohere's `/rerank`, which Jina, Voyage, Together and others follow). */
import type { AssembledAnswer, AssembledRequest, Reading } from "./assembled.ts";
import { readFieldsRequest, readPlainAnswer } from "./plain.ts";

/** Reads a request: query and documents are the input. Never throws. */
export function readRerankRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  return readFieldsRequest(body, contentType, ["query", "documents"]);
}

/** Reads an answer: the ranking as it is, with the tokens or searches that are billed. Never throws. */
export function assembleRerankAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  return readPlainAnswer(pieces, status, contentType);
}
