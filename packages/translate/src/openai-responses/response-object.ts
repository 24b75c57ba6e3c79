/** The response object around the output: head, settings as the caller gave them, usage. */
import { asObject, type JsonObject } from "@sluice/wire";
import type { AnswerUsage, Finish, ModelAnswer } from "../answer.ts";
import type { AnswerContext } from "../format.ts";

/** What a response repeats of its request, and what stands there when the caller said nothing (OpenAI API reference). */
const SETTINGS: JsonObject = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  prompt_cache_key: null,
  safety_identifier: null,
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
  metadata: {},
};

/** The response without its output, as a stream begins with it. */
export function writeHead(
  answer: Pick<ModelAnswer, "id" | "model" | "createdAtS" | "serviceTier">,
  context: AnswerContext,
): JsonObject {
  const { request } = context;
  const settings = Object.entries(SETTINGS).map(([field, value]) => [field, request[field] ?? value]);
  const { format, ...text } = asObject(request["text"]) ?? {};
  return {
    id: answer.id?.startsWith("resp_") ? answer.id : context.newId("resp_"),
    object: "response",
    created_at: answer.createdAtS ?? context.nowS,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    model: answer.model ?? context.model,
    output: [],
    previous_response_id: null,
    ...Object.fromEntries(settings),
    reasoning: { effort: null, summary: null, ...asObject(request["reasoning"]) },
    service_tier: answer.serviceTier ?? "default",
    // A translated answer can be asked for by nobody: the provider behind it keeps none.
    store: false,
    text: { ...text, format: format ?? { type: "text" } },
    usage: null,
  };
}

/** The members that change when the response is over. */
export function writeEnd(
  finish: Finish | undefined,
  usage: AnswerUsage | undefined,
  output: readonly JsonObject[],
) {
  const reason = incompleteReason(finish);
  return {
    status: reason === undefined ? "completed" : "incomplete",
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: usage ? writeUsage(usage) : null,
  };
}

/** Why the response is not whole, in the words of `incomplete_details`; undefined when it is. */
export function incompleteReason(finish: Finish | undefined): string | undefined {
  const reason = finish?.reason;
  if (reason === "length" || reason === "context_length") return "max_output_tokens";
  return reason === "content_filter" ? reason : undefined;
}

function writeUsage(usage: AnswerUsage): JsonObject {
  const { cacheReadTokens, cacheWriteTokens } = usage;
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: cacheReadTokens ?? 0,
      ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.totalTokens,
  };
}
