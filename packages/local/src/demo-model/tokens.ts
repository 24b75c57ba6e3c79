/** The demo model's tokens: words with the space before them. Not OpenAI's, but counted as honestly. */

/** The text in tokens; joined they are the text. */
export function toTokens(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** How many tokens the text has. */
export function countTokens(text: string): number {
  return toTokens(text).length;
}
