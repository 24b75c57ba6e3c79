/**
 * The call by OpenTelemetry's semantic conventions for generative AI, version 1.40, so that any backend
 * understands the span (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/). Content is left
 * out: it is opt-in there, and Langfuse reads it from its own attributes.
 */

import { routedModel } from "./observation-attributes.ts";
import { assembledAnswer, assembledRequest, type ObservedCall } from "./observed-call.ts";
import type { Attributes, Double } from "./otlp.ts";
import type { Verdict } from "./verdict.ts";

/** Providers whose name in the conventions (`gen_ai.provider.name`) is not the one that people configure. */
const PROVIDER_NAMES: ReadonlyMap<string, string> = new Map([
  ["azure", "azure.ai.openai"],
  ["bedrock", "aws.bedrock"],
  ["gemini", "gcp.gemini"],
  ["mistral", "mistral_ai"],
  ["vertex", "gcp.vertex_ai"],
  ["xai", "x_ai"],
]);

/** `gen_ai.operation.name` of a call. */
export function operationName({ record }: ObservedCall): "chat" | "embeddings" {
  return record.endpoint === "embeddings" ? "embeddings" : "chat";
}

/** The name that the conventions give the span: operation and model. */
export function spanName(call: ObservedCall): string {
  const model = routedModel(call) ?? call.record.requestedModel;
  return model === undefined ? operationName(call) : `${operationName(call)} ${model}`;
}

/** The conventions' attributes of a call. */
export function genAiAttributes(call: ObservedCall, { errorType }: Verdict): Attributes {
  const provider = call.record.attempts.at(-1)?.provider;
  return {
    "gen_ai.operation.name": operationName(call),
    "gen_ai.provider.name": provider === undefined ? undefined : (PROVIDER_NAMES.get(provider) ?? provider),
    "gen_ai.conversation.id": call.record.trace.sessionId,
    "error.type": errorType,
    "http.response.status_code": call.record.answer?.status,
    ...requestAttributes(call),
    ...responseAttributes(call),
    ...(provider === "openai" && openAiAttributes(call)),
  };
}

function requestAttributes(call: ObservedCall): Attributes {
  const settings = assembledRequest(call)?.parameters ?? {};
  const choices = integer(settings["n"]);
  const embeds = operationName(call) === "embeddings";
  const encoding = settings["encoding_format"];
  return {
    "gen_ai.request.model": routedModel(call) ?? call.record.requestedModel,
    "gen_ai.request.choice.count": choices === 1 ? undefined : choices,
    "gen_ai.request.max_tokens": integer(settings["max_completion_tokens"] ?? settings["max_tokens"]),
    "gen_ai.request.temperature": double(settings["temperature"]),
    "gen_ai.request.top_p": double(settings["top_p"]),
    "gen_ai.request.top_k": double(settings["top_k"]),
    "gen_ai.request.frequency_penalty": double(settings["frequency_penalty"]),
    "gen_ai.request.presence_penalty": double(settings["presence_penalty"]),
    "gen_ai.request.seed": integer(settings["seed"]),
    "gen_ai.request.stop_sequences": texts(settings["stop"]),
    "gen_ai.request.encoding_formats": embeds && typeof encoding === "string" ? [encoding] : undefined,
    "gen_ai.output.type": outputType(assembledRequest(call)?.input),
  };
}

function responseAttributes(call: ObservedCall): Attributes {
  const answer = assembledAnswer(call);
  const usage = answer?.usage;
  const reasons = answer?.choices.flatMap(({ finishReason }) => finishReason ?? []) ?? [];
  return {
    "gen_ai.response.id": answer?.id,
    "gen_ai.response.model": answer?.model,
    "gen_ai.response.finish_reasons": reasons.length === 0 ? undefined : reasons,
    // Unlike Langfuse's buckets these include the cached tokens (attribute registry, gen_ai.usage.*).
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage && operationName(call) === "chat" ? usage.outputTokens : undefined,
    "gen_ai.usage.cache_read.input_tokens": usage?.cacheReadTokens,
    "gen_ai.usage.cache_creation.input_tokens": usage?.cacheWriteTokens,
    "gen_ai.embeddings.dimension.count": answer?.embeddings?.dimensions[0],
  };
}

function openAiAttributes(call: ObservedCall): Attributes {
  const tier = assembledRequest(call)?.parameters["service_tier"];
  const answer = assembledAnswer(call);
  return {
    "openai.api.type": operationName(call) === "chat" ? "chat_completions" : undefined,
    "openai.request.service_tier": typeof tier === "string" && tier !== "auto" ? tier : undefined,
    "openai.response.service_tier": answer?.serviceTier,
    "openai.response.system_fingerprint": answer?.systemFingerprint,
  };
}

/** `json` for both of OpenAI's JSON formats; left out when the caller asked for none. */
function outputType(input: unknown): string | undefined {
  const format = (input as { response_format?: { type?: unknown } } | undefined)?.response_format?.type;
  if (format === "json_object" || format === "json_schema") return "json";
  return format === "text" ? "text" : undefined;
}

function integer(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function double(value: unknown): Double | undefined {
  return typeof value === "number" ? { double: value } : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const found = list.filter((item) => typeof item === "string");
  return found.length === 0 ? undefined : found;
}
