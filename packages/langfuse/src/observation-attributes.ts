/** What belongs to the call itself: the fields of a Langfuse observation. */
import type { JsonObject } from "@sluice/wire";
import { conversationInput, conversationOutput } from "./conversation.ts";
import { assembledAnswer, assembledRequest, type ObservedCall } from "./observed-call.ts";
import type { Attributes } from "./otlp.ts";
import { usageAndCost } from "./usage-and-cost.ts";
import type { Verdict } from "./verdict.ts";

/** Attribute names that other modules have to find again. */
export const INPUT = "langfuse.observation.input";
export const OUTPUT = "langfuse.observation.output";
export const LEVEL = "langfuse.observation.level";
export const STATUS_MESSAGE = "langfuse.observation.status_message";
export const METADATA = "langfuse.observation.metadata.";

/** Langfuse's fields of the observation, but for metadata. */
export function observationAttributes(call: ObservedCall, verdict: Verdict): Attributes {
  const { record } = call;
  const { usage, cost } = usageAndCost(call, verdict);
  const parameters = modelParameters(assembledRequest(call)?.parameters ?? {});
  const firstTokenAtMs = record.streaming ? record.times.firstByteAtMs : undefined;
  return {
    "langfuse.observation.type": record.endpoint === "embeddings" ? "embedding" : "generation",
    [LEVEL]: verdict.level,
    [STATUS_MESSAGE]: verdict.message,
    "langfuse.observation.model.name": modelName(call),
    "langfuse.observation.model.parameters":
      Object.keys(parameters).length === 0 ? undefined : JSON.stringify(parameters),
    "langfuse.observation.completion_start_time":
      firstTokenAtMs === undefined ? undefined : new Date(firstTokenAtMs).toISOString(),
    "langfuse.observation.prompt.name": record.trace.prompt?.name,
    "langfuse.observation.prompt.version": record.trace.prompt?.version,
    "langfuse.observation.usage_details": usage && JSON.stringify(usage),
    "langfuse.observation.cost_details": cost && JSON.stringify(cost),
    [INPUT]: text(conversationInput(call)),
    [OUTPUT]: text(conversationOutput(call)),
  };
}

/** The model that answered, else the one that was asked, else the one that the caller named. */
export function modelName(call: ObservedCall): string | undefined {
  return assembledAnswer(call)?.model ?? routedModel(call) ?? call.record.requestedModel;
}

/** The model that the last attempt asked for. */
export function routedModel({ record }: ObservedCall): string | undefined {
  return record.attempts.at(-1)?.model;
}

/** Langfuse shows texts, numbers, booleans and lists of texts; anything else as JSON text. */
function modelParameters(parameters: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, isPlain(value) ? value : JSON.stringify(value)]),
  );
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  return typeof value !== "object";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : JSON.stringify(value);
}
