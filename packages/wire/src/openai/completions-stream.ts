/** The events of a legacy completions stream that a gateway must recognise. */
import type { SseFormat } from "../sse-gate.ts";
import { chatStreamFormat } from "./chat-stream.ts";

/**
 * A completions stream ends as a chat stream does, with `[DONE]`, and its usage chunk has an empty `choices` too
 * (OpenAI API reference, "Create completion", `stream_options`). `dropUsage` takes that chunk out.
 */
export function completionsStreamFormat(options: { readonly dropUsage: boolean }): SseFormat {
  return chatStreamFormat(options);
}
