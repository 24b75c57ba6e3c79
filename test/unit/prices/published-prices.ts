/**
 * What providers publish, and what a call costs by it, worked out by hand. Figures are USD per million tokens
 * (searches and requests: USD each), read in November 2026 where a row says nothing else.
 */
import type { BilledUsage, BillingTerms } from "@sluice/prices";

/** A call and its cost. */
export interface PublishedPrice {
  readonly provider: string;
  readonly model: string;
  readonly usage: Partial<BilledUsage>;
  readonly terms?: BillingTerms;
  /** Friday, 20 November 2026, 12:00 UTC when absent. */
  readonly at?: string;
  /** The sum, with the published figures. */
  readonly sum: string;
  /** Exact USD. */
  readonly usd: string;
  readonly page: string;
}

const OPENAI = "OpenAI: developers.openai.com/api/docs/pricing";
const OPENAI_PRIORITY = "OpenAI: openai.com/api-priority-processing";
const ANTHROPIC = "Anthropic: platform.claude.com/docs/en/about-claude/pricing";
const GOOGLE = "Google: ai.google.dev/gemini-api/docs/pricing";
const MISTRAL = "Mistral: docs.mistral.ai/inference/pricing";
const DEEPSEEK = "DeepSeek: api-docs.deepseek.com/quick_start/pricing";
const GROQ = "Groq: groq.com/pricing";
const XAI = "xAI: docs.x.ai/developers/models";
const BEDROCK = "AWS: aws.amazon.com/bedrock/pricing";
const COHERE = "Cohere: cohere.com/pricing";
const PERPLEXITY = "Perplexity: docs.perplexity.ai/getting-started/pricing";

const GPT_5 = { input: 2000, cacheRead: 10_000, output: 300, reasoning: 700 };

// biome-ignore format: one row is one price
export const PUBLISHED: readonly PublishedPrice[] = [
  { provider: "openai", model: "gpt-4o", usage: { input: 10_000, cacheRead: 4000, output: 1000 }, sum: "10,000 × 2.50 + 4,000 × 1.25 + 1,000 × 10", usd: "0.04", page: OPENAI },
  { provider: "openai", model: "gpt-4o-mini-2024-07-18", usage: { input: 1234, cacheRead: 1024, output: 567 }, sum: "1,234 × 0.15 + 1,024 × 0.075 + 567 × 0.60", usd: "0.0006021", page: OPENAI },
  { provider: "openai", model: "gpt-4o-mini", usage: { input: 1000, cacheRead: 1000, output: 100 }, terms: { serviceTier: "priority" }, sum: "1,000 × 0.25 + 1,000 × 0.125 + 100 × 1.00", usd: "0.000475", page: OPENAI_PRIORITY },
  { provider: "openai", model: "gpt-4.1", usage: { input: 3000, cacheRead: 1000, output: 250 }, sum: "3,000 × 2 + 1,000 × 0.50 + 250 × 8", usd: "0.0085", page: OPENAI },
  { provider: "openai", model: "gpt-4.1", usage: { input: 3000, cacheRead: 1000, output: 250 }, terms: { serviceTier: "priority" }, sum: "3,000 × 3.50 + 1,000 × 0.875 + 250 × 14", usd: "0.014875", page: OPENAI_PRIORITY },
  { provider: "openai", model: "gpt-4.1-nano", usage: { input: 1_000_000, output: 1 }, sum: "1,000,000 × 0.10 + 1 × 0.40", usd: "0.1000004", page: OPENAI },
  { provider: "openai", model: "gpt-5", usage: GPT_5, sum: "2,000 × 1.25 + 10,000 × 0.125 + (300 + 700) × 10", usd: "0.01375", page: OPENAI },
  { provider: "openai", model: "gpt-5-2025-08-07", usage: GPT_5, terms: { serviceTier: "flex" }, sum: "2,000 × 0.625 + 10,000 × 0.0625 + 1,000 × 5", usd: "0.006875", page: OPENAI },
  { provider: "openai", model: "gpt-5", usage: GPT_5, terms: { serviceTier: "batch" }, sum: "2,000 × 0.625 + 10,000 × 0.0625 + 1,000 × 5", usd: "0.006875", page: OPENAI },
  { provider: "openai", model: "gpt-5", usage: GPT_5, terms: { serviceTier: "priority" }, sum: "2,000 × 2.50 + 10,000 × 0.25 + 1,000 × 20", usd: "0.0275", page: OPENAI_PRIORITY },
  { provider: "openai", model: "gpt-5", usage: GPT_5, terms: { serviceTier: "scale" }, sum: "as standard: bought in advance", usd: "0.01375", page: OPENAI },
  { provider: "openai", model: "gpt-5-mini", usage: GPT_5, terms: { serviceTier: "priority" }, sum: "2,000 × 0.45 + 10,000 × 0.045 + 1,000 × 3.60", usd: "0.00495", page: OPENAI_PRIORITY },
  { provider: "openai", model: "gpt-5.4", usage: { input: 100_000, cacheRead: 100_000, output: 1000 }, sum: "100,000 × 2.50 + 100,000 × 0.25 + 1,000 × 15", usd: "0.29", page: OPENAI },
  { provider: "openai", model: "gpt-5.4", usage: { input: 200_000, cacheRead: 100_000, output: 1000 }, sum: "above 272,000: 200,000 × 5 + 100,000 × 0.50 + 1,000 × 22.50", usd: "1.0725", page: OPENAI },
  { provider: "openai", model: "o3", usage: { input: 500, cacheRead: 500, output: 100, reasoning: 900 }, sum: "500 × 2 + 500 × 0.50 + 1,000 × 8", usd: "0.00925", page: OPENAI },
  { provider: "openai", model: "o4-mini", usage: { input: 1000, cacheRead: 1000, output: 100, reasoning: 2000 }, sum: "1,000 × 1.10 + 1,000 × 0.275 + 2,100 × 4.40", usd: "0.010615", page: OPENAI },
  { provider: "openai", model: "gpt-audio", usage: { input: 100, audioInput: 1000, output: 50, audioOutput: 400 }, sum: "100 × 2.50 + 1,000 × 32 + 50 × 10 + 400 × 64", usd: "0.05835", page: "OpenAI: developers.openai.com/api/docs/models/gpt-audio" },
  { provider: "openai", model: "gpt-4o-audio-preview-2025-06-03", usage: { input: 100, audioInput: 1000, output: 50, audioOutput: 400 }, sum: "100 × 2.50 + 1,000 × 40 + 50 × 10 + 400 × 80", usd: "0.07275", page: "OpenAI: developers.openai.com/api/docs/models/gpt-4o-audio-preview" },
  { provider: "openai", model: "text-embedding-3-small", usage: { input: 1_000_007 }, sum: "1,000,007 × 0.02", usd: "0.02000014", page: OPENAI },
  { provider: "anthropic", model: "claude-sonnet-4-5-20250929", usage: { input: 1000, cacheRead: 50_000, cacheWrite5m: 2000, cacheWrite1h: 1000, output: 500 }, sum: "1,000 × 3 + 50,000 × 0.30 + 2,000 × 3.75 + 1,000 × 6 + 500 × 15", usd: "0.039", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-haiku-4-5", usage: { input: 321, cacheRead: 9999, cacheWrite5m: 100, cacheWrite1h: 10, output: 77 }, sum: "321 × 1 + 9,999 × 0.10 + 100 × 1.25 + 10 × 2 + 77 × 5", usd: "0.0018509", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-opus-4-1-20250805", usage: { input: 1000, output: 100, webSearches: 3 }, sum: "1,000 × 15 + 100 × 75; 3 searches at 0.01", usd: "0.0525", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-opus-5", usage: { input: 1000, cacheWrite5m: 1000, output: 1000 }, terms: { serviceTier: "batch" }, sum: "half of 1,000 × 5 + 1,000 × 6.25 + 1,000 × 25", usd: "0.018125", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-opus-5-5", usage: { input: 1000, cacheRead: 10_000, output: 100 }, sum: "1,000 × 4 + 10,000 × 0.20 + 100 × 20", usd: "0.008", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-opus-5-5", usage: { input: 1000, cacheRead: 10_000, output: 100 }, terms: { inferenceGeo: "us" }, sum: "1.1 times the row above", usd: "0.0088", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-opus-5-5", usage: { input: 1000, output: 100 }, terms: { serviceTier: "fast" }, sum: "1,000 × 8 + 100 × 40", usd: "0.012", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-fable-5-1", usage: { input: 1000, cacheRead: 100_000, cacheWrite1h: 500, output: 100 }, sum: "1,000 × 10 + 100,000 × 0.25 + 500 × 20 + 100 × 50", usd: "0.05", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-sonnet-5-5", usage: { input: 1000, cacheRead: 100_000, output: 200 }, sum: "1,000 × 2 + 100,000 × 0.10 + 200 × 10", usd: "0.014", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-sonnet-5-5", usage: { input: 1000, cacheRead: 100_000, output: 200 }, at: "2026-10-06T23:59:59Z", sum: "before 7 October: 1,000 × 2 + 100,000 × 0.20 + 200 × 10", usd: "0.024", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-haiku-5-5", usage: { input: 50_000, cacheRead: 50_000, output: 1000 }, sum: "up to 100,000: 50,000 × 0.10 + 50,000 × 0.01 + 1,000 × 0.50", usd: "0.006", page: ANTHROPIC },
  { provider: "anthropic", model: "claude-haiku-5-5", usage: { input: 50_001, cacheRead: 50_000, output: 1000 }, sum: "above 100,000: 50,001 × 0.50 + 50,000 × 0.05 + 1,000 × 2.50", usd: "0.0300005", page: ANTHROPIC },
  { provider: "google", model: "gemini-2.5-pro", usage: { input: 1000, cacheRead: 1000, output: 100, reasoning: 400 }, sum: "1,000 × 1.25 + 1,000 × 0.125 + 500 × 10", usd: "0.006375", page: GOOGLE },
  { provider: "gemini", model: "gemini-2.5-pro", usage: { input: 200_001, output: 1000 }, sum: "above 200,000: 200,001 × 2.50 + 1,000 × 15", usd: "0.5150025", page: GOOGLE },
  { provider: "vertex", model: "gemini-2.5-flash", usage: { input: 1000, cacheRead: 1000, audioInput: 2000, output: 500 }, sum: "1,000 × 0.30 + 1,000 × 0.03 + 2,000 × 1.00 + 500 × 2.50", usd: "0.00358", page: GOOGLE },
  { provider: "google", model: "gemini-2.5-flash-lite", usage: { input: 1000, output: 1000 }, terms: { serviceTier: "flex" }, sum: "half of 1,000 × 0.10 + 1,000 × 0.40", usd: "0.00025", page: GOOGLE },
  { provider: "google", model: "gemini-2.5-flash-image", usage: { input: 20, imageOutput: 1290 }, sum: "20 × 0.30 + 1,290 × 30", usd: "0.038706", page: GOOGLE },
  { provider: "google", model: "gemini-3.1-pro-preview", usage: { input: 1000, cacheRead: 5000, output: 100 }, sum: "1,000 × 2 + 5,000 × 0.20 + 100 × 12", usd: "0.0042", page: GOOGLE },
  { provider: "mistral", model: "mistral-large-latest", usage: { input: 1000, cacheRead: 1000, output: 1000 }, sum: "1,000 × 0.50 + 1,000 × 0.05 + 1,000 × 1.50", usd: "0.00205", page: MISTRAL },
  { provider: "mistral", model: "mistral-medium-latest", usage: { input: 1000, cacheRead: 1000, output: 100 }, sum: "1,000 × 1.50 + 1,000 × 0.15 + 100 × 7.50", usd: "0.0024", page: MISTRAL },
  { provider: "deepseek", model: "deepseek-flash", usage: { input: 1000, cacheRead: 10_000, output: 1000 }, sum: "off-peak: 1,000 × 0.15 + 10,000 × 0.003 + 1,000 × 0.60", usd: "0.00078", page: DEEPSEEK },
  { provider: "deepseek", model: "deepseek-flash", usage: { input: 1000, cacheRead: 10_000, output: 1000 }, at: "2026-11-20T02:00:00Z", sum: "peak: 1,000 × 0.30 + 10,000 × 0.006 + 1,000 × 1.20", usd: "0.00156", page: DEEPSEEK },
  { provider: "deepseek", model: "deepseek-v4-flash", usage: { input: 1000, cacheRead: 10_000, output: 1000 }, at: "2026-11-21T02:00:00Z", sum: "a Saturday, billed as deepseek-flash off-peak", usd: "0.00078", page: DEEPSEEK },
  { provider: "deepseek", model: "deepseek-v4-pro", usage: { input: 1000, cacheRead: 1000, output: 1000 }, at: "2026-11-20T10:00:00Z", sum: "the peak has ended: 1,000 × 0.66 + 1,000 × 0.022 + 1,000 × 1.98", usd: "0.002662", page: DEEPSEEK },
  { provider: "deepseek", model: "deepseek-v4-pro", usage: { input: 1000, cacheRead: 1000, output: 1000 }, at: "2026-11-20T09:59:59Z", sum: "peak: 1,000 × 1.32 + 1,000 × 0.044 + 1,000 × 3.96", usd: "0.005324", page: DEEPSEEK },
  { provider: "groq", model: "llama-3.3-70b-versatile", usage: { input: 1000, output: 1000 }, sum: "1,000 × 0.59 + 1,000 × 0.79", usd: "0.00138", page: GROQ },
  { provider: "groq", model: "llama-3.1-8b-instant", usage: { input: 1001, output: 13 }, sum: "1,001 × 0.05 + 13 × 0.08", usd: "0.00005109", page: GROQ },
  { provider: "groq", model: "openai/gpt-oss-120b", usage: { input: 1000, cacheRead: 1000, output: 900, reasoning: 100 }, sum: "1,000 × 0.15 + 1,000 × 0.075 + 1,000 × 0.60", usd: "0.000825", page: GROQ },
  { provider: "xai", model: "grok-4.6", usage: { input: 1000, cacheRead: 1000, output: 100, reasoning: 100 }, sum: "1,000 × 2 + 1,000 × 0.50 + 200 × 6", usd: "0.0037", page: XAI },
  { provider: "xai", model: "grok-4.6", usage: { input: 250_000, output: 100 }, sum: "above 200,000: 250,000 × 4 + 100 × 12", usd: "1.0012", page: XAI },
  { provider: "bedrock", model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", usage: { input: 1000, cacheRead: 1000, cacheWrite5m: 1000, cacheWrite1h: 1000, output: 100 }, sum: "1,000 × 3.30 + 1,000 × 0.33 + 1,000 × 4.125 + 1,000 × 6.60 + 100 × 16.50", usd: "0.016005", page: BEDROCK },
  { provider: "bedrock", model: "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0", usage: { input: 1000, output: 100 }, sum: "1,000 × 3 + 100 × 15", usd: "0.0045", page: BEDROCK },
  { provider: "bedrock", model: "amazon.nova-micro-v1:0", usage: { input: 1000, cacheRead: 1000, output: 1000 }, sum: "1,000 × 0.035 + 1,000 × 0.00875 + 1,000 × 0.14", usd: "0.00018375", page: BEDROCK },
  { provider: "bedrock", model: "amazon.nova-lite-v1:0", usage: { input: 1000, output: 1000 }, terms: { serviceTier: "flex" }, sum: "half of 1,000 × 0.06 + 1,000 × 0.24", usd: "0.00015", page: BEDROCK },
  { provider: "cohere", model: "command-r7b-12-2024", usage: { input: 1001, output: 11 }, sum: "1,001 × 0.0375 + 11 × 0.15", usd: "0.0000391875", page: COHERE },
  { provider: "cohere", model: "command-r-08-2024", usage: { input: 1000, output: 1000 }, sum: "1,000 × 0.15 + 1,000 × 0.60", usd: "0.00075", page: COHERE },
  { provider: "perplexity", model: "sonar", usage: { input: 11, output: 392 }, sum: "11 × 1 + 392 × 1; request 0.005", usd: "0.005403", page: PERPLEXITY },
  { provider: "perplexity", model: "sonar", usage: { input: 11, output: 392 }, terms: { searchContext: "high" }, sum: "11 × 1 + 392 × 1; request 0.012", usd: "0.012403", page: PERPLEXITY },
  { provider: "perplexity", model: "sonar-pro", usage: { input: 1000, output: 100 }, terms: { searchContext: "medium" }, sum: "1,000 × 3 + 100 × 15; request 0.01", usd: "0.0145", page: PERPLEXITY },
  { provider: "perplexity", model: "sonar-deep-research", usage: { input: 100, output: 1000, reasoning: 10_000, webSearches: 5 }, sum: "100 × 2 + 1,000 × 8 + 10,000 × 3; 5 searches at 0.005", usd: "0.0632", page: PERPLEXITY },
  { provider: "cerebras", model: "gpt-oss-120b", usage: { input: 1000, output: 1000 }, sum: "1,000 × 0.35 + 1,000 × 0.75", usd: "0.0011", page: "Cerebras: cerebras.ai/pricing" },
  { provider: "moonshot", model: "kimi-k2-0905-preview", usage: { input: 1000, cacheRead: 1000, output: 1000 }, sum: "1,000 × 0.60 + 1,000 × 0.15 + 1,000 × 2.50", usd: "0.00325", page: "Moonshot: platform.moonshot.ai/docs/pricing" },
  { provider: "openrouter", model: "meta-llama/llama-3.3-70b-instruct:free", usage: { input: 1000, output: 1000 }, sum: "free", usd: "0", page: "OpenRouter: openrouter.ai/models" },
];
