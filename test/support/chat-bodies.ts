/** Bodies of OpenAI's format, written as a provider writes them. */

/** A stream of chunks, closed by `[DONE]` unless said otherwise. */
export function sse(chunks: readonly unknown[], { done = true } = {}): Buffer {
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return Buffer.from(events.join("") + (done ? "data: [DONE]\n\n" : ""));
}

/** A chunk that holds one delta of one choice. */
export function delta(fields: object, choice: object = {}): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_760_000_000,
    model: "gpt-4o-2024-08-06",
    choices: [{ index: 0, delta: fields, finish_reason: null, ...choice }],
  };
}

/** A chunk that holds one piece of a tool call. */
export function toolDelta(...entries: readonly object[]): object {
  return delta({ tool_calls: entries });
}

/** The chunk that ends a choice. */
export function finish(reason: string, index = 0): object {
  return delta({}, { index, finish_reason: reason });
}

/** A whole JSON body. */
export function completion(message: object, rest: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_760_000_000,
      model: "gpt-4o-2024-08-06",
      choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }],
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
      ...rest,
    }),
  );
}
