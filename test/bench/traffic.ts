/** The traffic of the bench: one question, its answer as JSON of about 1 kB, and as a stream of 200 chunks. */

/** Chunks with content in a streamed answer. */
export const CHUNKS_PER_STREAM = 200;

/** The virtual key of the callers. */
export const VIRTUAL_KEY = "sk-sluice-bench";

const MODEL = "gpt-4.1-mini";
const MESSAGES = [
  { role: "system", content: "You are a helpful assistant. Answer in plain English." },
  { role: "user", content: "Why is the sky blue? ".repeat(10) },
];
const USAGE = { prompt_tokens: 75, completion_tokens: 200, total_tokens: 275 };
const HEAD = { id: "chatcmpl-bench", created: 1_760_000_000, model: "gpt-4.1-mini-2025-04-14" };

/**
 * The request for a JSON answer, for a stream of one chunk each millisecond, and for one whose chunks come as fast
 * as they can be sent. `user` tells the provider which stream it is.
 */
export const REQUESTS = {
  json: JSON.stringify({ model: MODEL, messages: MESSAGES }),
  stream: JSON.stringify({ model: MODEL, messages: MESSAGES, stream: true }),
  burst: JSON.stringify({ model: MODEL, messages: MESSAGES, stream: true, user: "burst" }),
};

/** The JSON answer, about 1 kB. */
export const JSON_ANSWER = JSON.stringify({
  ...HEAD,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Air scatters short waves more. ".repeat(25), refusal: null },
      finish_reason: "stop",
    },
  ],
  usage: USAGE,
});

/** The streamed answer, event by event. */
export const STREAM_CHUNKS: readonly string[] = Array.from({ length: CHUNKS_PER_STREAM }, (_, index) =>
  event({
    choices: [
      {
        index: 0,
        delta: { content: ` word${index}` },
        finish_reason: index === CHUNKS_PER_STREAM - 1 ? "stop" : null,
      },
    ],
  }),
);
/** What follows the chunks when the request asks for the usage. */
export const USAGE_CHUNK = event({ choices: [], usage: USAGE });
/** What ends every stream. */
export const STREAM_END = "data: [DONE]\n\n";

function event(members: object): string {
  return `data: ${JSON.stringify({ ...HEAD, object: "chat.completion.chunk", ...members })}\n\n`;
}
