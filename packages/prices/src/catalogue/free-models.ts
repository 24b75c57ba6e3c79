/**
 * Models that the library lists without any price, or not at all, and that cost nothing. Every other such model
 * is unpriced: a row that nobody filled in looks the same.
 */
import { matchesGlob } from "@sluice/providers";

/** OpenRouter's free variants, OpenAI's moderation, Gemma on the Gemini API: each free on its provider's price page. */
const FREE = [
  "openrouter/*:free",
  "openai/moderation",
  "google/gemma-3",
  "google/gemma-3n",
  "google/gemma-4-26b-a4b-it",
  "google/gemma-4-31b-it",
];

/** Whether a model of the library, `provider/model`, is free of charge. */
export function isFree(model: string): boolean {
  return FREE.some((glob) => matchesGlob(glob, model));
}
