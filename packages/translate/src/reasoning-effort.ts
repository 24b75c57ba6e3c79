/** How much a model is to think: OpenAI's words and the others' token budgets, each as the other. */

/** Tokens for each word; the same for every model, so that a round trip keeps the word. */
const BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
};

/**
 * The budget of a word, below `maxOutputTokens` when there is such a bound, since thinking counts as output. Undefined for
 * a word that nobody knows.
 */
export function budgetOfEffort(effort: string, maxOutputTokens?: number): number | undefined {
  const budget = BUDGETS[effort];
  if (budget === undefined || maxOutputTokens === undefined) return budget;
  return Math.min(budget, Math.max(maxOutputTokens - 1, 0));
}

/** The smallest word whose budget is enough; `xhigh` above all of them. */
export function effortOfBudget(budgetTokens: number): string {
  const enough = Object.entries(BUDGETS).find(([, budget]) => budget >= budgetTokens);
  return enough?.[0] ?? "xhigh";
}
