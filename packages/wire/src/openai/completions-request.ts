/** Reads a request of the legacy completions endpoint. */
import type { AssembledRequest, Reading } from "../assembled.ts";
import { readRequest } from "./request.ts";

/** The input is the prompt (text, texts or tokens), or the prompt and the suffix that the text is to lead to. Never throws. */
export function readCompletionsRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readRequest(body, new Set(["prompt", "suffix"]), (content) =>
    content["suffix"] === undefined ? content["prompt"] : content,
  );
}
