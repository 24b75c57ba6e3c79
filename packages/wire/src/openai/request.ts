/** Reads a request in OpenAI's format: what the model was given, and with which settings. */
import type { AssembledRequest, Reading } from "../assembled.ts";
import { readJsonBody } from "../body-text.ts";
import { asObject, asText, type JsonObject } from "../json-value.ts";

/** What the model sees of a chat request; Langfuse shows an object of messages and tools as a conversation. */
const CONVERSATION = new Set([
  "messages",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "response_format",
  "prediction",
]);

/** How the answer travels, and what is about the trace: on the trace this stands elsewhere, or says nothing. */
const PLUMBING = new Set(["model", "user", "stream", "stream_options", "trace"]);

/** Reads the body of a chat completion request. Never throws. */
export function readChatRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readRequest(body, CONVERSATION, (conversation) => conversation);
}

/** Reads the body of an embeddings request: the input is the text, or the list of texts or tokens. */
export function readEmbeddingsRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readRequest(body, new Set(["input"]), ({ input }) => input);
}

/** Fields that are neither content nor plumbing are settings: a new one is shown, not lost. */
export function readRequest(
  body: Uint8Array,
  content: ReadonlySet<string>,
  input: (content: JsonObject) => unknown,
): Reading<AssembledRequest> {
  const read = readJsonBody([body]);
  if (!read.ok) return read;
  const request = asObject(read.value);
  if (!request) return { ok: false, reason: "The body is JSON but no object." };
  const pick = (wanted: (field: string) => boolean) =>
    Object.fromEntries(Object.entries(request).filter(([field, value]) => value !== null && wanted(field)));
  const model = asText(request["model"]);
  const user = asText(request["user"]);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      ...(user !== undefined && { user }),
      input: input(pick((field) => content.has(field))),
      parameters: pick((field) => !content.has(field) && !PLUMBING.has(field)),
    },
  };
}
