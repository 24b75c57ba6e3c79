/** What a Claude model's name tells of what it takes (Anthropic documentation, "Adaptive thinking", "Effort"). */

/** How a model is told to think, and whether it lets itself be sampled. */
export interface ModelGeneration {
  /** From 4.6 on the model decides how long it thinks; older ones need a budget. */
  readonly adaptiveThinking: boolean;
  /** From 4.7 on a budget, thinking switched off and every setting of sampling are refused. */
  readonly adaptiveOnly: boolean;
}

/**
 * Reads the version out of a name: `claude-opus-4-7`, `claude-3-7-sonnet-20250219`, `anthropic.claude-sonnet-4-6-v1:0`. A date
 * is no version. A name without one is taken for an older model, the form that all of them but the newest take.
 */
export function generationOf(model: string): ModelGeneration {
  if (/claude-mythos/.test(model)) return { adaptiveThinking: true, adaptiveOnly: true };
  const match = /claude-(?:[a-z]+-)*(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model.toLowerCase());
  const version = Number(match?.[1] ?? 0) * 100 + Number(match?.[2] ?? 0);
  return { adaptiveThinking: version >= 406, adaptiveOnly: version >= 407 };
}
