/** The providers that Sluice knows by name. An OpenAI-compatible provider is a line of data. */

/** What is known of a provider before a config says anything. */
export interface ProviderPreset {
  /** URL up to and with the version, as the provider's API reference gives it. */
  readonly baseUrl: string;
  /** Globs of bare model names that are this provider's own, so that no prefix is needed. */
  readonly models: readonly string[];
}

/** Providers whose API is OpenAI's, by the name a config uses. */
export const PRESETS: Readonly<Record<string, ProviderPreset>> = {
  openai: {
    baseUrl: "https://api.openai.com/v1",
    models: ["gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*", "ft:*"],
  },
  cerebras: { baseUrl: "https://api.cerebras.ai/v1", models: [] },
  deepseek: { baseUrl: "https://api.deepseek.com/v1", models: ["deepseek-*"] },
  fireworks: { baseUrl: "https://api.fireworks.ai/inference/v1", models: ["accounts/fireworks/*"] },
  groq: { baseUrl: "https://api.groq.com/openai/v1", models: [] },
  mistral: {
    baseUrl: "https://api.mistral.ai/v1",
    models: ["mistral-*", "ministral-*", "codestral-*", "magistral-*"],
  },
  openrouter: { baseUrl: "https://openrouter.ai/api/v1", models: [] },
  perplexity: { baseUrl: "https://api.perplexity.ai", models: ["sonar*"] },
  together: { baseUrl: "https://api.together.xyz/v1", models: [] },
  xai: { baseUrl: "https://api.x.ai/v1", models: ["grok-*"] },
};
