/** Reads a request in Anthropic's messages format: what the model was given, and with which settings. */
import type { AssembledRequest, Reading } from "../assembled.ts";
import { readJsonBody } from "../body-text.ts";
import { asObject, asText } from "../json-value.ts";

/** What the model sees; Langfuse shows an object of messages and tools as a conversation. */
const CONVERSATION = new Set([
  "system",
  "messages",
  "tools",
  "tool_choice",
  "mcp_servers",
  "output_format",
  "container",
]);

/** How the answer travels, and what is about the trace: on the trace this stands elsewhere, or says nothing. */
const PLUMBING = new Set(["model", "stream", "trace", "metadata"]);

/**
 * Reads the body of a messages request, or of `messages.count_tokens`, which takes the same. Fields that are neither
 * content nor plumbing are settings: a new one is shown, not lost. Never throws.
 */
export function readMessagesRequest(body: Uint8Array): Reading<AssembledRequest> {
  const read = readJsonBody([body]);
  if (!read.ok) return read;
  const request = asObject(read.value);
  if (!request) return { ok: false, reason: "The body is JSON but no object." };
  const pick = (wanted: (field: string) => boolean) =>
    Object.fromEntries(Object.entries(request).filter(([field, value]) => value !== null && wanted(field)));
  const model = asText(request["model"]);
  const user = asText(asObject(request["metadata"])?.["user_id"]);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      ...(user !== undefined && { user }),
      input: pick((field) => CONVERSATION.has(field)),
      parameters: pick((field) => !CONVERSATION.has(field) && !PLUMBING.has(field)),
    },
  };
}
