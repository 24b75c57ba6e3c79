/**
 * What a model's provider takes beyond OpenAI's own reference, or instead of it. Many providers speak this format, each
 * with its own strictness, and the translator knows only the model's name: so the name decides.
 */

/** The differences that a request has to heed. */
export interface ChatDialect {
  /** OpenAI's own models: `max_completion_tokens`, `developer`; no `max_tokens` from o1 on, and no unknown field anywhere. */
  readonly openAi: boolean;
  /** Whether messages may carry `reasoning_content` (DeepSeek, Qwen, Kimi, GLM and their hosts) back to the model. */
  readonly reasoningContent: boolean;
  /** Whether `cache_control` on parts and tools is understood (Claude behind OpenRouter or LiteLLM). */
  readonly cacheControl: boolean;
  /** Whether `extra_content.google.thought_signature` on tool calls is understood (Gemini's own endpoint). */
  readonly thoughtSignature: boolean;
  /** The `format` of reasoning details that the model's provider can read again (OpenRouter). */
  readonly reasoningFormats: readonly string[];
}

/** The dialect of the provider of this model. */
export function chatDialect(model: string): ChatDialect {
  const openAi = /^(?:ft:)?(?:gpt-(?!oss)|chatgpt|codex|o\d)/.test(model);
  const claude = /claude/i.test(model);
  const gemini = /gemini/i.test(model);
  const mistral = /mi[sx]tral|magistral|codestral|devstral/i.test(model);
  return {
    openAi,
    reasoningContent: !openAi && !mistral,
    cacheControl: claude,
    thoughtSignature: gemini,
    reasoningFormats: [
      "unknown",
      ...(claude ? ["anthropic-claude-v1", "bedrock-converse-v1"] : []),
      ...(gemini ? ["google-gemini-v1"] : []),
      ...(model.startsWith("openai/") ? ["openai-responses-v1"] : []),
    ],
  };
}
