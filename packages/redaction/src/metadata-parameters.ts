/** Settings of a call that are no content: numbers, switches, and words of the API itself. */
import { asObject, type JsonObject } from "@sluice/wire";

/** By the references of OpenAI, Anthropic, Gemini, Bedrock's Converse, Cohere and OpenRouter. */
const NAMES = words(
  "temperature top_p topP top_k topK min_p top_a seed n candidateCount max_tokens " +
    "max_completion_tokens max_output_tokens maxOutputTokens maxTokens frequency_penalty " +
    "frequencyPenalty presence_penalty presencePenalty repetition_penalty logprobs top_logprobs " +
    "responseLogprobs parallel_tool_calls max_tool_calls store background truncation best_of echo " +
    "dimensions outputDimensionality encoding_format reasoning_effort verbosity service_tier speed " +
    "size quality output_compression output_format top_n max_chunks_per_doc return_documents truncate " +
    "prompt_cache_retention inference_geo",
);

/** Objects of settings, whose members are taken by the same rules. */
const OBJECTS = words(
  "reasoning thinking thinkingConfig output_config generationConfig generation_config inferenceConfig",
);
const MEMBERS = words(
  "effort max_tokens summary exclude enabled type budget_tokens display thinkingBudget " +
    "thinkingLevel includeThoughts",
);

/** Values that APIs themselves define. */
const WORDS = words(
  "none minimal low medium high xhigh max auto default flex priority scale standard standard_only " +
    "batch fast float base64 int8 enabled disabled adaptive concise detailed summarized omitted hd " +
    "png jpeg webp mp3 wav opus aac flac pcm16 text json in_memory 24h START END NONE LOW HIGH " +
    "MINIMAL MEDIUM us eu global opaque transparent",
);

/** The parameters that stay. Stop sequences, schemas, biases of tokens and everything that is not known are left out. */
export function metadataParameters(parameters: JsonObject): JsonObject {
  return keep(parameters, NAMES);
}

function keep(settings: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]): [string, unknown][] => {
      if (names.has(name) && isPlain(value)) return [[name, value]];
      const inner = OBJECTS.has(name) ? asObject(value) : undefined;
      const kept = inner && keep(inner, new Set([...NAMES, ...MEMBERS]));
      return kept && Object.keys(kept).length > 0 ? [[name, kept]] : [];
    }),
  );
}

function isPlain(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean") return true;
  return typeof value === "string" && (WORDS.has(value) || /^\d{1,5}x\d{1,5}$/.test(value));
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
