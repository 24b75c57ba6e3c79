/** What a model on Bedrock takes, by its id: Converse is one API, but its models differ in what they accept. */

/** Whose model it is, as far as a request has to heed it. */
export type ModelFamily =
  | "claude"
  | "nova"
  | "gpt-oss"
  | "mistral"
  | "cohere"
  | "qwen"
  | "deepseek"
  | "other";

/** Parts of model ids (`us.anthropic.claude-…`, `openai.gpt-oss-120b-1:0`) that name a family. */
const NAMES: readonly (readonly [RegExp, ModelFamily])[] = [
  [/anthropic\.|claude/, "claude"],
  [/amazon\.nova/, "nova"],
  [/openai\.gpt-oss/, "gpt-oss"],
  [/mistral\./, "mistral"],
  [/cohere\./, "cohere"],
  [/qwen\./, "qwen"],
  [/deepseek\./, "deepseek"],
];

/** ARNs that hide which model is behind them. Most of those models are Claude, and only Claude has much to heed. */
const OPAQUE =
  /:(?:application-inference-profile|provisioned-model|custom-model-deployment|default-prompt-router|prompt-router|prompt)\//;

/** The family of a model, by its id, inference profile or ARN. */
export function modelFamily(model: string): ModelFamily {
  const named = NAMES.find(([pattern]) => pattern.test(model));
  if (named) return named[1];
  return OPAQUE.test(model) ? "claude" : "other";
}

/** Whether `cachePoint` is understood (Amazon Bedrock user guide, "Prompt caching": Claude and Nova). */
export function takesCachePoints(family: ModelFamily): boolean {
  return family === "claude" || family === "nova";
}
