/** Oddities of what providers say was used. */
import { awsStream } from "../../support/aws-event-stream.ts";
import { completion, delta, finish, sse } from "../../support/chat-bodies.ts";
import { blockEvents, message, messageEvents, messageStream } from "../../support/message-bodies.ts";
import type { Oddity } from "./oddity.ts";

const HI = blockEvents(0, { type: "text", text: "" }, [{ type: "text_delta", text: "Hi" }]);
const text = delta({ content: "Hi" });
const COUNTS = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
const usageChunk = (usage: object | null, fields: object = {}) => ({
  ...delta({}),
  choices: [],
  usage,
  ...fields,
});

function chatUsage(what: string, usage: object, expected: object): Oddity {
  return {
    what,
    format: "openai-chat",
    body: completion({ content: "Hi" }, { usage: { ...COUNTS, ...usage } }),
    says: { usage: expected },
  };
}

/** One for each statement of the list. */
export const USAGE: readonly Oddity[] = [
  {
    what: "Anthropic's message_delta.usage is cumulative: the last value wins per key; cache reads can fall to 0",
    format: "anthropic-messages",
    body: Buffer.from(
      messageStream(
        messageEvents(HI, {
          start: { usage: { input_tokens: 100, cache_read_input_tokens: 55_096, output_tokens: 7 } },
          usage: { input_tokens: 181, cache_read_input_tokens: 0, output_tokens: 8 },
        }),
      ),
    ),
    says: { usage: { inputTokens: 181, outputTokens: 8, totalTokens: 189 } },
  },
  {
    what: "Anthropic's input tokens appear in the last event only",
    format: "anthropic-messages",
    body: Buffer.from(
      messageStream(
        messageEvents(HI, {
          start: { usage: { input_tokens: 0, output_tokens: 0 } },
          usage: { input_tokens: 12, output_tokens: 8 },
        }),
      ),
    ),
    says: { usage: { inputTokens: 12, outputTokens: 8 } },
  },
  {
    what: "Anthropic's split of cache writes is in message_start alone: merged, not replaced",
    format: "anthropic-messages",
    body: Buffer.from(
      messageStream(
        messageEvents(HI, {
          start: {
            usage: {
              input_tokens: 10,
              cache_creation_input_tokens: 30,
              cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
              output_tokens: 1,
            },
          },
          usage: { output_tokens: 8 },
        }),
      ),
    ),
    says: {
      usage: { inputTokens: 40, cacheWriteTokens: 30, outputTokens: 8 },
      rawUsage: { cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 } },
    },
    carried: { usage: { inputTokens: 40, outputTokens: 8 } },
  },
  {
    what: "Anthropic's usage.iterations: the top level leaves out calls that are billed, and a row may name another model",
    format: "anthropic-messages",
    body: Buffer.from(
      JSON.stringify(
        message({
          usage: {
            input_tokens: 220,
            output_tokens: 8,
            iterations: [
              { type: "compaction", input_tokens: 55_196, output_tokens: 300 },
              { type: "advisor_message", model: "claude-opus-4-7", input_tokens: 40, output_tokens: 5 },
              { type: "message", input_tokens: 220, output_tokens: 8 },
            ],
          },
        }),
      ),
    ),
    says: {
      billedCalls: [
        { kind: "compaction", usage: { inputTokens: 55_196 } },
        { kind: "advisor_message", model: "claude-opus-4-7" },
        { kind: "message", usage: { inputTokens: 220 } },
      ],
    },
    // The bill is made of the record, which holds the provider's own body in both cases.
    carried: { choices: [{ text: "Hello" }] },
  },
  {
    what: "OpenAI's last chunk has no choices, and a later one may carry usage null",
    format: "openai-chat",
    body: sse([text, finish("stop"), usageChunk(COUNTS), usageChunk(null)]),
    says: { usage: { inputTokens: 100, outputTokens: 20 } },
  },
  {
    what: "OpenAI tells no usage without include_usage",
    format: "openai-chat",
    body: sse([text, finish("stop")]),
    says: { choices: [{ text: "Hi" }] },
  },
  {
    what: "Azure's first chunk has no choices, an empty id and model, and is no usage chunk; ids change inside a stream",
    format: "openai-chat",
    body: sse([
      {
        id: "",
        object: "",
        created: 0,
        model: "",
        choices: [],
        prompt_filter_results: [{ prompt_index: 0 }],
      },
      { ...text, id: "chatcmpl-a" },
      { ...delta({ content: "!" }), id: "chatcmpl-b" },
      finish("stop"),
      usageChunk(COUNTS),
    ]),
    says: { model: "gpt-4o-2024-08-06", choices: [{ text: "Hi!" }], usage: { inputTokens: 100 } },
    carried: { choices: [{ text: "Hi!" }], usage: { inputTokens: 100 } },
  },
  ...[
    { prompt_tokens_details: { cached_tokens: 40 } },
    { cached_tokens: 40 },
    { prompt_cache_hit_tokens: 40, prompt_cache_miss_tokens: 60 },
    { num_cached_tokens: 40 },
  ].map((fields) =>
    chatUsage(`Cached tokens are called ${Object.keys(fields).join(", ")}`, fields, {
      inputTokens: 100,
      cacheReadTokens: 40,
    }),
  ),
  {
    what: "Groq's usage is in x_groq.usage",
    format: "openai-chat",
    body: sse([text, { ...finish("stop"), x_groq: { id: "req_1", usage: COUNTS } }]),
    says: { usage: { inputTokens: 100, outputTokens: 20 } },
  },
  chatUsage(
    "OpenRouter with Gemini: cache reads and writes overlap, so that the remainder can go negative",
    { prompt_tokens_details: { cached_tokens: 90, cache_write_tokens: 80 } },
    { inputTokens: 100, cacheReadTokens: 90 },
  ),
  chatUsage(
    "xAI's completion_tokens leave reasoning out",
    {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 334,
      completion_tokens_details: { reasoning_tokens: 320 },
    },
    { inputTokens: 12, outputTokens: 322, totalTokens: 334 },
  ),
  chatUsage(
    "Gemini's OpenAI endpoint hides thinking tokens",
    { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 },
    { inputTokens: 35, outputTokens: 74, totalTokens: 109 },
  ),
  {
    what: "Perplexity repeats its usage in every chunk",
    format: "openai-chat",
    body: sse([
      { ...text, usage: { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101 } },
      { ...finish("stop"), usage: COUNTS },
    ]),
    says: { usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 } },
  },
  {
    what: "Gemini's last usage wins whole; toolUsePromptTokenCount and thoughtsTokenCount are added",
    format: "gemini-generate-content",
    body: Buffer.from(
      [
        {
          candidates: [{ content: { role: "model", parts: [{ text: "Hi" }] }, index: 0 }],
          usageMetadata: { promptTokenCount: 999, cachedContentTokenCount: 50, totalTokenCount: 999 },
        },
        {
          candidates: [
            { content: { role: "model", parts: [{ text: "!" }] }, finishReason: "STOP", index: 0 },
          ],
          usageMetadata: {
            promptTokenCount: 10,
            toolUsePromptTokenCount: 5,
            candidatesTokenCount: 3,
            thoughtsTokenCount: 7,
            totalTokenCount: 25,
          },
        },
      ]
        .map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`)
        .join(""),
    ),
    says: { usage: { inputTokens: 15, outputTokens: 10, totalTokens: 25 }, choices: [{ text: "Hi!" }] },
  },
  {
    what: "Bedrock's usage comes after messageStop, with no model and no id; a text has no contentBlockStart",
    format: "bedrock-converse",
    body: awsStream(
      ["messageStart", { role: "assistant" }],
      ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hi" } }],
      ["contentBlockStop", { contentBlockIndex: 0 }],
      ["messageStop", { stopReason: "end_turn" }],
      ["metadata", { usage: { inputTokens: 10, outputTokens: 3, totalTokens: 13 } }],
    ),
    says: { choices: [{ text: "Hi" }], usage: { inputTokens: 10, outputTokens: 3, totalTokens: 13 } },
  },
];
