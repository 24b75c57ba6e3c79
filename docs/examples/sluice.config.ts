/**
 * A config with a bit of everything. It is checked by the tests; `npx sluice config check --config docs/examples/sluice.config.ts`
 * does the same by hand.
 */
import { defineConfig } from "@sluice/config";

export default defineConfig({
  providers: {
    openai: {},
    anthropic: {},
    bedrock: { variables: { region: "eu-central-1" } },
    gemini: {},
    azure: { baseUrl: "https://acme.openai.azure.com/openai/v1" },
    vertex: { variables: { project: "acme-ai", location: "europe-west4" } },
    /** A server of one's own that speaks OpenAI's format. */
    house: { baseUrl: "https://llm.acme.example/v1", auth: "bearer", models: ["house-*"] },
  },
  defaultProvider: "openai",
  models: {
    /** One name for one model. */
    fast: "openai/gpt-4o-mini",
    /** A canary, a retry, and other models when the first ones fail. */
    smart: {
      targets: [
        { model: "anthropic/claude-sonnet-5", weight: 95 },
        { model: "openai/gpt-5", weight: 5 },
      ],
      fallbacks: ["bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0"],
      contextFallbacks: ["gemini/gemini-2.5-pro"],
      retries: 2,
      limits: { firstByteTimeoutMs: 30_000, totalTimeoutMs: 240_000 },
    },
    /** Who asks decides. */
    search: {
      targets: [
        { model: "house/house-search", when: { tenants: ["acme"] } },
        { model: "house/house-search-next", when: { tags: ["beta"] } },
        "gemini/gemini-2.5-flash",
      ],
    },
  },
  /** Left out where a provider's format has no word for them, instead of refusing the call. */
  dropParams: ["logit_bias", "seed"],
  drains: {
    default: { type: "langfuse" },
  },
  limits: { idleTimeoutMs: 60_000 },
});
