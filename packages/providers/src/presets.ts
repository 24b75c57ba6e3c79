/** The providers that Sluice knows by name. An OpenAI-compatible provider is a few lines of data. */
import type { ProviderApi } from "./api.ts";

/** What is known of a provider before a config says anything. */
export interface ProviderPreset extends ProviderApi {
  /**
   * URL up to and with the version, as the provider's API reference gives it; empty when it is the customer's own. Names in
   * braces are filled in from the config's `variables` (`{region}`, `{project}`).
   */
  readonly baseUrl: string;
  /** Globs of bare model names that are this provider's own, so that no prefix is needed. */
  readonly models: readonly string[];
}

/** Chat completions behind a bearer token: what most providers offer under OpenAI's name. */
const OPENAI_ALIKE: ProviderApi = { auth: "bearer", speaks: ["openai-chat"] };

/** OpenAI's whole API, responses included. */
const OPENAI: ProviderApi = { auth: "bearer", speaks: ["openai-chat", "openai-responses"] };

/** By the name that a config uses. */
export const PRESETS: Readonly<Record<string, ProviderPreset>> = {
  openai: {
    ...OPENAI,
    baseUrl: "https://api.openai.com/v1",
    models: [
      "gpt-*",
      "chatgpt-*",
      "o1*",
      "o3*",
      "o4*",
      "text-embedding-*",
      "omni-moderation-*",
      "whisper-*",
      "tts-*",
      "dall-e-*",
      "ft:*",
    ],
  },
  /** Azure OpenAI's v1 API: `https://<resource>.openai.azure.com/openai/v1`. */
  azure: { ...OPENAI, auth: "api-key", baseUrl: "", models: [] },
  anthropic: {
    auth: "x-api-key",
    speaks: ["anthropic-messages"],
    versionPath: "/v1",
    headers: { "anthropic-version": "2023-06-01" },
    baseUrl: "https://api.anthropic.com/v1",
    models: ["claude-*"],
  },
  bedrock: {
    auth: "aws-sigv4",
    speaks: ["bedrock-converse", "bedrock-invoke"],
    baseUrl: "https://bedrock-runtime.{region}.amazonaws.com",
    models: [],
  },
  gemini: {
    auth: "x-goog-api-key",
    versionPath: "/v1beta",
    speaks: ["gemini-generate-content"],
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    models: ["gemini-*", "gemma-*"],
  },
  vertex: {
    auth: "google-oauth",
    speaks: ["gemini-generate-content"],
    baseUrl:
      "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/google",
    models: [],
  },
  cerebras: { ...OPENAI_ALIKE, baseUrl: "https://api.cerebras.ai/v1", models: [] },
  cohere: { ...OPENAI_ALIKE, baseUrl: "https://api.cohere.ai/compatibility/v1", models: ["command-*"] },
  deepseek: { ...OPENAI_ALIKE, baseUrl: "https://api.deepseek.com/v1", models: ["deepseek-*"] },
  fireworks: {
    ...OPENAI_ALIKE,
    baseUrl: "https://api.fireworks.ai/inference/v1",
    models: ["accounts/fireworks/*"],
  },
  groq: { ...OPENAI_ALIKE, baseUrl: "https://api.groq.com/openai/v1", models: [] },
  huggingface: { ...OPENAI_ALIKE, baseUrl: "https://router.huggingface.co/v1", models: [] },
  mistral: {
    ...OPENAI_ALIKE,
    baseUrl: "https://api.mistral.ai/v1",
    models: ["mistral-*", "ministral-*", "codestral-*", "magistral-*", "pixtral-*"],
  },
  ollama: { ...OPENAI_ALIKE, auth: "none", baseUrl: "http://localhost:11434/v1", models: [] },
  openrouter: { ...OPENAI_ALIKE, baseUrl: "https://openrouter.ai/api/v1", models: [] },
  perplexity: { ...OPENAI_ALIKE, baseUrl: "https://api.perplexity.ai", models: ["sonar*"] },
  together: { ...OPENAI_ALIKE, baseUrl: "https://api.together.xyz/v1", models: [] },
  /** A server of one's own: give it a `baseUrl`. */
  vllm: { ...OPENAI_ALIKE, auth: "none", baseUrl: "", models: [] },
  xai: { ...OPENAI, baseUrl: "https://api.x.ai/v1", models: ["grok-*"] },
};

/** Names of the presets that can be used without a word of config: a key, or the function's own role, is all they need. */
export const DEFAULT_PROVIDERS: readonly string[] = Object.entries(PRESETS)
  .filter(([, { auth, baseUrl }]) => auth !== "none" && baseUrl !== "" && !/\{(?!region\})/.test(baseUrl))
  .map(([name]) => name);
