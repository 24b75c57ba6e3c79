/** What a Gemini model takes, by its name: the API is one, but the generations differ in what they accept. */

/** The differences that a request has to heed. */
export interface ModelFamily {
  /**
   * Generation 3 and later: thinking is set by level, a function call must come back with its thought signature, and a
   * function's result may hold images (Gemini API documentation, "Gemini 3 Developer Guide").
   */
  readonly thinkingLevels: boolean;
  /** The levels that the model takes besides LOW and HIGH. */
  readonly levels: readonly ("MINIMAL" | "MEDIUM")[];
  /** Most tokens of a thinking budget, and fewest; 0 where thinking can be turned off ("Thinking", table of budgets). */
  readonly maxBudget: number;
  readonly minBudget: number;
}

/** The family of a model, named as at Google: `gemini-2.5-flash`, `models/gemini-3-pro-preview`. */
export function modelFamily(model: string): ModelFamily {
  const [, major, minor] = /gemini-(\d+)(?:\.(\d+))?/.exec(model) ?? [];
  const pro = /-pro\b/.test(model);
  const thinkingLevels = Number(major ?? 0) >= 3;
  const firstPro = pro && major === "3" && minor === undefined;
  return {
    thinkingLevels,
    levels: firstPro ? [] : pro ? ["MEDIUM"] : ["MINIMAL", "MEDIUM"],
    maxBudget: pro ? 32_768 : 24_576,
    minBudget: pro ? 128 : 0,
  };
}
