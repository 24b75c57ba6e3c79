/** Reads a request of Bedrock's Converse: what the model was given, and with which settings. */
import type { AssembledRequest, Reading } from "../assembled.ts";
import { readJsonBody } from "../body-text.ts";
import { asObject, asText } from "../json-value.ts";

/** What the model sees. */
const CONVERSATION = new Set(["messages", "system", "toolConfig", "promptVariables", "outputConfig"]);

/** About the call, not the model: on the trace this stands elsewhere. */
const PLUMBING = new Set(["modelId", "inferenceConfig", "requestMetadata"]);

/**
 * Reads the body of a Converse request. Its model stands in the path, so the body names none as a rule. The settings of
 * `inferenceConfig` (maxTokens, temperature, …) stand beside the others. Never throws.
 */
export function readConverseRequest(body: Uint8Array): Reading<AssembledRequest> {
  const read = readJsonBody([body]);
  if (!read.ok) return read;
  const request = asObject(read.value);
  if (!request) return { ok: false, reason: "The body is JSON but no object." };
  const pick = (wanted: (field: string) => boolean) =>
    Object.fromEntries(Object.entries(request).filter(([field, value]) => value !== null && wanted(field)));
  const model = asText(request["modelId"]);
  const user = asText(asObject(request["requestMetadata"])?.["user_id"]);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      ...(user !== undefined && { user }),
      input: pick((field) => CONVERSATION.has(field)),
      parameters: {
        ...asObject(request["inferenceConfig"]),
        ...pick((field) => !CONVERSATION.has(field) && !PLUMBING.has(field)),
      },
    },
  };
}
