/** Oddities of what providers answer. */
import { completion, delta, finish, sse, toolDelta } from "../../support/chat-bodies.ts";
import { blockEvents, message, messageEvents, messageStream } from "../../support/message-bodies.ts";
import type { Oddity } from "./oddity.ts";

const textBlock = (index: number, text: string) =>
  blockEvents(index, { type: "text", text: "" }, [{ type: "text_delta", text }]);
const inputs = (...pieces: readonly string[]) =>
  pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));
const messages = (blocks: readonly object[], fields = {}) =>
  Buffer.from(messageStream(messageEvents(blocks, fields)));
const calls = (...args: readonly string[]) => [
  { toolCalls: args.map((text) => ({ name: "look", arguments: text })) },
];
const called = (fields: object, args: string) => ({
  type: "function",
  ...fields,
  function: { name: "look", arguments: args },
});

function chatCalls(what: string, chunks: readonly object[], ...args: readonly string[]): Oddity {
  return { what, format: "openai-chat", body: sse(chunks), says: { choices: calls(...args) } };
}

function reasoned(what: string, fields: readonly object[], carried?: object): Oddity {
  return {
    what,
    format: "openai-chat",
    body: sse([...fields.map((field) => delta(field)), delta({ content: "Yes" }), finish("stop")]),
    says: { choices: [{ reasoning: "Hmm.", text: "Yes" }] },
    ...(carried && { carried }),
  };
}

/** One for each statement of the list. */
export const CONTENT: readonly Oddity[] = [
  {
    what: "One answer holds many text blocks, with citations: they are joined without separators",
    format: "anthropic-messages",
    body: messages([
      ...textBlock(0, "The grass "),
      ...blockEvents(1, { type: "text", text: "", citations: [] }, [
        {
          type: "citations_delta",
          citation: {
            type: "char_location",
            cited_text: "grass",
            document_index: 0,
            start_char_index: 0,
            end_char_index: 5,
          },
        },
        { type: "text_delta", text: "is green" },
      ]),
      ...textBlock(2, "."),
    ]),
    says: { choices: [{ text: "The grass is green." }] },
  },
  {
    what: "Blocks are missing on a refusal",
    format: "anthropic-messages",
    body: Buffer.from(JSON.stringify(message({ content: [], stop_reason: "refusal" }))),
    says: { choices: [{ text: "", finishReason: "refusal" }] },
    carried: { choices: [{ text: "" }] },
  },
  {
    what: "An answer stops with pause_turn",
    format: "anthropic-messages",
    body: messages(textBlock(0, "Wait"), { delta: { stop_reason: "pause_turn" } }),
    says: { choices: [{ text: "Wait", finishReason: "pause_turn" }] },
    carried: { choices: [{ text: "Wait" }] },
  },
  {
    what: "A fallback block: the serving model changes",
    format: "anthropic-messages",
    body: messages([
      ...blockEvents(0, { type: "fallback", from: { model: "claude-a" }, to: { model: "claude-b" } }),
      ...textBlock(1, "Hi"),
    ]),
    says: { choices: [{ text: "Hi" }] },
  },
  {
    what: "Thinking with its signature, and redacted thinking",
    format: "anthropic-messages",
    body: messages([
      ...blockEvents(0, { type: "thinking", thinking: "", signature: "" }, [
        { type: "thinking_delta", thinking: "Hmm." },
        { type: "signature_delta", signature: "c2ln" },
      ]),
      ...blockEvents(1, { type: "redacted_thinking", data: "ZGF0YQ==" }),
      ...textBlock(2, "Yes"),
    ]),
    says: { choices: [{ reasoning: "Hmm.", text: "Yes" }] },
  },
  {
    what: "server_tool_use and mcp_tool_use send input_json_delta too: they are no tool calls of the caller",
    format: "anthropic-messages",
    body: messages([
      ...blockEvents(
        0,
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
        inputs('{"query":', '"x"}'),
      ),
      ...blockEvents(
        1,
        { type: "mcp_tool_use", id: "mcptoolu_1", name: "ask", server_name: "s", input: {} },
        inputs("{}"),
      ),
      ...textBlock(2, "Found"),
    ]),
    says: { choices: [{ text: "Found", toolCalls: [] }] },
  },
  {
    what: "Empty partial_json is normal, and a tool without arguments sends none: they are {}",
    format: "anthropic-messages",
    body: messages(
      [
        ...blockEvents(
          0,
          { type: "tool_use", id: "toolu_1", name: "look", input: {} },
          inputs("", '{"at":', "", '"it"}'),
        ),
        ...blockEvents(1, { type: "tool_use", id: "toolu_2", name: "look", input: {} }),
      ],
      { delta: { stop_reason: "tool_use" } },
    ),
    says: { choices: calls('{"at":"it"}', "{}") },
  },
  chatCalls(
    "Tool calls without an index",
    [
      delta({ tool_calls: [called({ id: "c1" }, '{"a":1}')] }),
      delta({ tool_calls: [called({ id: "c2" }, '{"b":2}')] }),
      finish("tool_calls"),
    ],
    '{"a":1}',
    '{"b":2}',
  ),
  chatCalls(
    "Tool calls with one index for two, each whole in one chunk",
    [
      toolDelta(called({ index: 0, id: "c1" }, '{"a":1}')),
      toolDelta(called({ index: 0, id: "c2" }, '{"b":2}')),
      finish("tool_calls"),
    ],
    '{"a":1}',
    '{"b":2}',
  ),
  chatCalls(
    "A tool's name is repeated, or empty, in later chunks",
    [
      toolDelta(called({ index: 0, id: "c1" }, '{"a"')),
      toolDelta(called({ index: 0, id: "c1" }, ":")),
      toolDelta({ index: 0, id: "", function: { name: "", arguments: "1}" } }),
      finish("tool_calls"),
    ],
    '{"a":1}',
  ),
  chatCalls(
    "A tool call in the chunk that finishes",
    [delta({ tool_calls: [called({ index: 0, id: "c1" }, '{"a":1}')] }, { finish_reason: "tool_calls" })],
    '{"a":1}',
  ),
  chatCalls(
    "The legacy function_call",
    [
      delta({ function_call: { name: "look", arguments: "" } }),
      delta({ function_call: { arguments: '{"a":1}' } }),
      finish("function_call"),
    ],
    '{"a":1}',
  ),
  {
    what: "n > 1 is interleaved",
    format: "openai-chat",
    body: sse([
      delta({ content: "a" }),
      delta({ content: "x" }, { index: 1 }),
      delta({ content: "b" }),
      delta({ content: "y" }, { index: 1 }),
      finish("stop", 1),
      finish("stop"),
    ]),
    says: { choices: [{ text: "ab" }, { text: "xy" }] },
    // Only chats have alternatives: a caller of another format cannot ask for them.
    carried: { choices: [{ text: "ab" }] },
  },
  {
    what: "Content as a list of parts (Mistral), reasoning among them",
    format: "openai-chat",
    body: completion({
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "Hmm." }] },
        { type: "text", text: "Ye" },
        { type: "text", text: "s" },
      ],
    }),
    says: { choices: [{ reasoning: "Hmm.", text: "Yes" }] },
  },
  reasoned("Reasoning as reasoning_content, of which OpenAI's accumulator keeps the last piece only", [
    { reasoning_content: "Hm" },
    { reasoning_content: "m." },
  ]),
  reasoned("Reasoning as reasoning", [{ reasoning: "Hm" }, { reasoning: "m." }]),
  reasoned("Reasoning as reasoning_details beside its text", [
    { reasoning: "Hmm.", reasoning_details: [{ type: "reasoning.text", text: "Hmm.", index: 0 }] },
  ]),
  {
    what: "Reasoning as <think> in the text stays there",
    format: "openai-chat",
    body: completion({ content: "<think>Hmm.</think>Yes" }),
    says: { choices: [{ text: "<think>Hmm.</think>Yes" }] },
  },
  {
    what: "No role ever, and the finish reason twice",
    format: "openai-chat",
    body: sse([delta({ content: "a" }), delta({ content: "b" }), finish("stop"), finish("stop")]),
    says: { choices: [{ role: "assistant", text: "ab" }] },
  },
  {
    what: "No finish reason at all",
    format: "openai-chat",
    body: sse([delta({ content: "a" })]),
    says: { choices: [{ text: "a" }] },
  },
  {
    what: "Null content",
    format: "openai-chat",
    body: sse([delta({ role: "assistant", content: null }), delta({ content: "a" }), finish("stop")]),
    says: { choices: [{ text: "a" }] },
  },
  {
    what: "Gemini says STOP although functions are called, and gives no ids",
    format: "gemini-generate-content",
    body: Buffer.from(
      JSON.stringify({
        candidates: [
          {
            content: {
              role: "model",
              parts: [
                { functionCall: { name: "look", args: { a: 1 } } },
                { functionCall: { name: "look", args: { b: 2 } } },
              ],
            },
            finishReason: "STOP",
            index: 0,
          },
        ],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
      }),
    ),
    says: { choices: calls('{"a":1}', '{"b":2}') },
  },
];
