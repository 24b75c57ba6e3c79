/** The settings of a call under one set of names, whichever format they were written in. */
import { asObject, type JsonObject } from "@sluice/wire";

/** The names of each setting, by the references of OpenAI (chat, responses), Anthropic, Gemini and Bedrock's Converse. */
const NAMES = {
  max_tokens: [
    "max_completion_tokens",
    "max_tokens",
    "max_output_tokens",
    "maxOutputTokens",
    "maxTokens",
    "max_tokens_to_sample",
  ],
  temperature: ["temperature"],
  top_p: ["top_p", "topP"],
  top_k: ["top_k", "topK"],
  stop: ["stop", "stop_sequences", "stopSequences"],
  frequency_penalty: ["frequency_penalty", "frequencyPenalty"],
  presence_penalty: ["presence_penalty", "presencePenalty"],
  seed: ["seed"],
  n: ["n", "candidateCount", "num_generations"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** By OpenAI's names; a value is as it was written. */
export type Settings = Readonly<Partial<Record<keyof typeof NAMES, unknown>>>;

/** Where formats keep settings in an object of their own (Gemini, Converse), in a body that is passed on as it is. */
const NESTED = ["generationConfig", "generation_config", "inferenceConfig"];

/** The settings among the parameters of a request. */
export function settingsOf(parameters: JsonObject): Settings {
  const places = [parameters, ...NESTED.map((name) => asObject(parameters[name]) ?? {})];
  const found = Object.entries(NAMES).map(([setting, names]) => [
    setting,
    places.flatMap((place) => names.map((name) => place[name])).find((value) => value !== undefined),
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
