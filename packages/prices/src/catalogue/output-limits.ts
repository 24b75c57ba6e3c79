/** Most tokens of one answer, which the price library does not know. For reservations, when a request sets no limit. */
import { matchesGlob } from "@sluice/providers";

/** First match wins. From the providers' model pages, November 2026; a row too high costs only a larger reservation. */
const LIMITS: readonly (readonly [string, number])[] = [
  ["openai/gpt-3.5*", 4_096],
  ["openai/gpt-4o*", 16_384],
  ["openai/gpt-audio*", 16_384],
  ["openai/gpt-4.1*", 32_768],
  ["openai/o*", 100_000],
  ["openai/gpt-5*", 128_000],
  ["openai/text-embedding*", 0],
  // 6,240 for the largest picture in high quality, and 100 for each of three drafts (OpenAI, "Image generation").
  ["openai/gpt-image-1", 6_540],
  ["openai/gpt-image-1-mini", 6_540],
  ["anthropic/claude-3-5*", 8_192],
  ["anthropic/claude-3-7*", 128_000],
  ["anthropic/claude-3*", 4_096],
  ["anthropic/claude-opus-4-0", 32_000],
  ["anthropic/claude-opus-4-1", 32_000],
  ["anthropic/claude-haiku-4-5", 64_000],
  ["anthropic/claude-sonnet-4-0", 64_000],
  ["anthropic/claude-sonnet-4-5", 64_000],
  ["anthropic/claude-opus-4-5", 64_000],
  ["anthropic/claude*", 128_000],
  ["google/gemini-2.0*", 8_192],
  ["google/gemini*", 65_536],
  ["deepseek/deepseek-v4*", 384_000],
  ["deepseek/deepseek-flash", 384_000],
];

/** The limit of a model, `provider/model` as prices name it. Undefined when it is not known. */
export function maxOutputTokens(model: string): number | undefined {
  return LIMITS.find(([glob]) => matchesGlob(glob, model))?.[1];
}
