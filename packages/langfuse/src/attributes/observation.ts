/** What belongs to the call itself: the fields of a Langfuse observation. */
import type { JsonObject } from "@sluice/wire";
import { conversationInput, conversationOutput } from "../conversation.ts";
import { type AttributeTable, LANGFUSE_DRAINS } from "./attribute.ts";
import type { CallFacts } from "./call-facts.ts";
import { modelName } from "./model.ts";
import { INPUT, LEVEL, OUTPUT, STATUS_MESSAGE } from "./names.ts";

const drains = LANGFUSE_DRAINS;

/** See the module. */
export const OBSERVATION: AttributeTable = {
  title: "The observation",
  about:
    "One call is one observation. Attempts that failed are children of it, when there was more than one attempt: see the end of this page.",
  attributes: [
    {
      name: "langfuse.observation.type",
      meaning:
        "`generation`; `embedding` for embeddings, `retriever` for rerank, `guardrail` for moderations, `span` for passages and for counting tokens.",
      source: "endpoint",
      drains,
      value: ({ operation }) => operation.type,
    },
    {
      name: LEVEL,
      meaning:
        "`ERROR`: refused, failed, or an error of the provider. `WARNING`: the answer was passed on, but the trace may show less than the caller saw. Else `DEFAULT`.",
      source: "outcome and answer",
      drains,
      value: ({ verdict }) => verdict.level,
    },
    {
      name: STATUS_MESSAGE,
      meaning: "Why the level is not `DEFAULT`.",
      source: "outcome and answer",
      drains,
      value: ({ verdict }) => verdict.message,
    },
    {
      name: "langfuse.observation.model.name",
      meaning: "The model that answered, else the one that was asked.",
      source: "answer, attempt, request",
      drains,
      value: ({ call }) => modelName(call),
    },
    {
      name: "langfuse.observation.model.parameters",
      meaning:
        "The request's settings by their wire names. Those that formats name differently stand there under OpenAI's name, too (`max_tokens`, `top_p`, `top_k`, `stop`, `n`).",
      unit: "JSON",
      source: "request",
      drains,
      value: modelParameters,
    },
    {
      name: "langfuse.observation.completion_start_time",
      meaning: "First byte of a stream's body.",
      unit: "ISO 8601",
      source: "gateway's clock",
      drains,
      value: completionStartTime,
    },
    {
      name: "langfuse.observation.prompt.name",
      meaning: "The Langfuse prompt that made the request. Langfuse links it to generations only.",
      source: "caller",
      drains,
      value: ({ record }) => record.trace.prompt?.name,
    },
    {
      name: "langfuse.observation.prompt.version",
      meaning: "Its version.",
      source: "caller",
      drains,
      value: ({ record }) => record.trace.prompt?.version,
    },
    {
      name: "langfuse.observation.usage_details",
      meaning:
        "Disjoint buckets: `input` (uncached), `output`, `input_cached_tokens`, `input_cache_creation_5m`, `input_cache_creation_1h`, `input_audio_tokens`, `input_image_tokens`, `output_reasoning_tokens`, `output_audio_tokens`, `output_image_tokens`, `total`. All zero for a call that failed without usage.",
      unit: "tokens, JSON",
      source: "answer's usage, else counted from the text",
      drains,
      value: ({ usageAndCost: { usage } }) => usage && JSON.stringify(usage),
    },
    {
      name: "langfuse.observation.cost_details",
      meaning:
        "The amount in the ledger: each bucket, `requests`, `web_searches` and `total`. None when no price is known.",
      unit: "USD, JSON",
      source: "price catalogue",
      drains,
      value: ({ usageAndCost: { cost } }) => cost && JSON.stringify(cost),
    },
    {
      name: INPUT,
      meaning:
        "What the model was given: an object of `messages` and `tools`, system messages first, whatever the caller's format; of embeddings the texts; of other endpoints their fields.",
      unit: "JSON or text",
      source: "request's body",
      drains,
      value: ({ call, conversation }) => text(conversationInput(call, conversation)),
    },
    {
      name: OUTPUT,
      meaning:
        "What came back: a message in OpenAI's shape (`content`, `tool_calls`, `reasoning_content`, `reasoning_details` with their signatures, `refusal`), or all choices. Content with citations or server tools is a list of the provider's own blocks. Of embeddings their count and dimensions; of an error its body.",
      unit: "JSON or text",
      source: "answer's body",
      drains,
      value: ({ call }) => text(conversationOutput(call)),
    },
  ],
};

/** Langfuse shows texts, numbers, booleans and lists of texts; anything else as JSON text. */
function modelParameters({ request, settings }: CallFacts): string | undefined {
  const parameters: JsonObject = { ...settings, ...request?.parameters };
  const shown = Object.entries(parameters).map(([name, value]) => [
    name,
    isPlain(value) ? value : JSON.stringify(value),
  ]);
  return shown.length === 0 ? undefined : JSON.stringify(Object.fromEntries(shown));
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  return typeof value !== "object";
}

function completionStartTime({ record }: CallFacts): string | undefined {
  const atMs = record.streaming ? record.times.firstByteAtMs : undefined;
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : JSON.stringify(value);
}
