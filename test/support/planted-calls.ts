/** Calls in every format that the gateway records, with one string in every place where a text can stand. */
import type { Answer, AnswerFormat, Endpoint, ExchangeRecord } from "@sluice/trace";
import { awsStream } from "./aws-event-stream.ts";
import { chatRecord } from "./records.ts";

/** A call by the string that stands in it. */
export interface PlantedCall {
  readonly name: string;
  readonly record: (text: string) => ExchangeRecord;
}

/** What a tool was called with: the string as a value, in JSON in JSON, and in a list. */
const toolArguments = (text: string) => ({
  to: text,
  nested: JSON.stringify({ body: [text, 1] }),
  list: [`to ${text}`],
});
const schema = (text: string) => ({
  type: "object",
  properties: { to: { type: "string", description: text, enum: [text] } },
});

const CHAT = (text: string) => ({
  model: "gpt-4o",
  user: text,
  messages: [
    { role: "system", content: `Mind ${text}` },
    { role: "user", name: "x", content: [{ type: "text", text: `I am ${text}.` }] },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        {
          id: "call_1",
          type: "function",
          function: { name: "send", arguments: JSON.stringify(toolArguments(text)) },
        },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: JSON.stringify({ result: text }) },
  ],
  tools: [{ type: "function", function: { name: "send", description: text, parameters: schema(text) } }],
  stop: [text],
  temperature: 0.5,
  response_format: {
    type: "json_schema",
    json_schema: { name: "x", description: text, schema: schema(text) },
  },
  metadata: { about: text },
  safety_identifier: text,
  unheard_of: { deep: [text] },
});

const MESSAGES = (text: string) => ({
  model: "claude-sonnet-5",
  max_tokens: 100,
  system: [{ type: "text", text }],
  metadata: { user_id: text },
  stop_sequences: [text],
  messages: [
    {
      role: "user",
      content: [
        { type: "document", source: { type: "text", media_type: "text/plain", data: text }, title: text },
      ],
    },
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "toolu_1", name: "send", input: toolArguments(text) }],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text }] }],
    },
  ],
  tools: [{ name: "send", description: text, input_schema: schema(text) }],
});

const RESPONSES = (text: string) => ({
  model: "gpt-5",
  instructions: text,
  safety_identifier: text,
  input: [
    { role: "user", content: [{ type: "input_text", text }] },
    {
      type: "function_call",
      call_id: "call_1",
      name: "send",
      arguments: JSON.stringify(toolArguments(text)),
    },
    { type: "function_call_output", call_id: "call_1", output: text },
  ],
  tools: [{ type: "function", name: "send", description: text, parameters: schema(text) }],
  metadata: { about: text },
});

/** The string in two pieces, as streams deliver it. */
function halves(text: string): readonly [string, string] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

const chunk = (delta: object, finish: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_760_000_000,
  model: "gpt-4o",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

function chatChunks(text: string): object[] {
  const [a, b] = halves(text);
  const [c, d] = halves(JSON.stringify(toolArguments(text)));
  return [
    chunk({ role: "assistant", reasoning_content: a }),
    chunk({ reasoning_content: b }),
    chunk({ content: a }),
    chunk({ content: b }),
    chunk({ refusal: a }),
    chunk({ refusal: b }),
    chunk({
      annotations: [
        { type: "url_citation", url_citation: { title: text, url: `https://x.test/?q=${text}` } },
      ],
    }),
    chunk({
      tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "send", arguments: c } }],
    }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: d } }] }),
    chunk({}, "tool_calls"),
  ];
}

function messageEvents(text: string): (readonly [string, object])[] {
  const [a, b] = halves(text);
  const [c, d] = halves(JSON.stringify(toolArguments(text)));
  const block = (
    index: number,
    content_block: object,
    deltas: readonly object[],
  ): (readonly [string, object])[] => [
    ["content_block_start", { index, content_block }],
    ...deltas.map((delta) => ["content_block_delta", { index, delta }] as const),
    ["content_block_stop", { index }],
  ];
  const usage = { input_tokens: 9, output_tokens: 3 };
  return [
    [
      "message_start",
      {
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "claude-sonnet-5",
          content: [],
          usage,
        },
      },
    ],
    ...block(
      0,
      { type: "thinking", thinking: "" },
      [a, b].map((thinking) => ({ type: "thinking_delta", thinking })),
    ),
    ...block(1, { type: "text", text: "" }, [
      ...[a, b].map((piece) => ({ type: "text_delta", text: piece })),
      {
        type: "citations_delta",
        citation: { type: "char_location", cited_text: text, document_title: text },
      },
    ]),
    ...block(
      2,
      { type: "tool_use", id: "toolu_1", name: "send", input: {} },
      [c, d].map((partial_json) => ({ type: "input_json_delta", partial_json })),
    ),
    ["message_delta", { delta: { stop_reason: "tool_use", stop_sequence: text }, usage }],
    ["message_stop", {}],
  ];
}

const GEMINI = (parts: readonly object[], more: object = {}) => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
  modelVersion: "gemini-2.5-pro",
  responseId: "r-1",
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 },
});

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const events = (values: readonly unknown[]) =>
  Buffer.from(values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(""));
const namedEvents = (values: readonly (readonly [string, object])[]) =>
  Buffer.from(
    values.map(([type, value]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`).join(""),
  );

interface Made {
  readonly endpoint?: Endpoint;
  readonly request?: unknown;
  readonly rawRequest?: Buffer;
  readonly body?: Buffer;
  readonly status?: number;
  readonly type?: string;
  readonly format?: AnswerFormat;
  readonly streaming?: boolean;
  readonly omittedBytes?: number;
  readonly more?: Partial<ExchangeRecord>;
}

/** A record with the string in everything that is said about a call, beside its bodies. */
function made(text: string, call: Made): ExchangeRecord {
  const plain = chatRecord();
  const answer: Answer | undefined = call.body && {
    status: call.status ?? 200,
    ...(call.format && { format: call.format }),
    headers: {
      "content-type": call.type ?? (call.streaming ? "text/event-stream" : "application/json"),
      "x-request-id": text,
      "openai-organization": text,
      "x-ratelimit-limit-requests": text,
      "retry-after": text,
      "x-anything": text,
    },
    body: call.body,
    omittedBytes: call.omittedBytes ?? 0,
  };
  const { answer: _, ...rest } = plain;
  const failed = {
    ...plain.attempts[0],
    status: 500,
    error: { code: "upstream_error", message: `It said ${text}` },
  };
  return {
    ...rest,
    endpoint: call.endpoint ?? "chat.completions",
    streaming: call.streaming ?? false,
    requestedModel: text,
    request: { contentType: "application/json", body: call.rawRequest ?? json(call.request ?? CHAT(text)) },
    ...(answer && { answer }),
    attempts: [
      ...(call.status ? [{ ...plain.attempts[0], ...failed }] : []),
      ...plain.attempts,
    ] as ExchangeRecord["attempts"],
    caller: { ip: text, userAgent: `curl ${text}` },
    droppedParams: [text],
    key: { ...plain.key, owner: text, alias: text, tenant: text },
    trace: {
      ...plain.trace,
      name: text,
      spanName: text,
      userId: text,
      sessionId: text,
      tags: ["a", text],
      metadata: { [text]: "key", value: text, deep: { list: [text], json: JSON.stringify({ a: text }) } },
      feature: text,
      tenant: text,
      organization: text,
      environment: text,
      release: text,
      version: text,
      prompt: { name: text, version: 3 },
      warnings: [`x-sluice-tags: ${text}`],
    },
    ...call.more,
  };
}

const call = (name: string, make: (text: string) => Made): PlantedCall => ({
  name,
  record: (text) => made(text, make(text)),
});

const CHAT_ANSWER = (text: string) => ({
  id: "chatcmpl-1",
  model: "gpt-4o",
  choices: [0, 1].map((index) => ({
    index,
    finish_reason: "stop",
    message: {
      role: "assistant",
      content: `Mail ${text}!`,
      refusal: text,
      reasoning_content: text,
      reasoning_details: [{ type: "reasoning.text", text }],
      annotations: [{ type: "url_citation", url_citation: { title: text } }],
      audio: { id: "a", transcript: text, data: "aaaa" },
      tool_calls: [
        {
          id: "call_1",
          type: "function",
          function: { name: "send", arguments: JSON.stringify(toolArguments(text)) },
        },
      ],
    },
  })),
  usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
});

const RESPONSES_ANSWER = (text: string) => ({
  id: "resp_1",
  object: "response",
  model: "gpt-5",
  status: "completed",
  created_at: 1_760_000_000,
  output: [
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text }] },
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      content: [
        { type: "output_text", text, annotations: [{ type: "url_citation", title: text, url: text }] },
      ],
    },
    {
      type: "function_call",
      id: "fc_1",
      call_id: "call_1",
      name: "send",
      arguments: JSON.stringify(toolArguments(text)),
    },
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: text } },
  ],
  usage: { input_tokens: 9, output_tokens: 3, total_tokens: 12 },
});

function responseEvents(text: string): object[] {
  const [a, b] = halves(text);
  const response = RESPONSES_ANSWER(text);
  return [
    { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { type: "message", id: "msg_1", role: "assistant", content: [] },
    },
    {
      type: "response.content_part.added",
      output_index: 0,
      content_index: 0,
      item_id: "msg_1",
      part: { type: "output_text", text: "" },
    },
    ...[a, b].map((delta) => ({
      type: "response.output_text.delta",
      output_index: 0,
      content_index: 0,
      item_id: "msg_1",
      delta,
    })),
  ];
}

const CONVERSE_ANSWER = (text: string) => ({
  output: {
    message: {
      role: "assistant",
      content: [
        { reasoningContent: { reasoningText: { text } } },
        { text },
        { toolUse: { toolUseId: "t1", name: "send", input: toolArguments(text) } },
      ],
    },
  },
  stopReason: "tool_use",
  usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
});

function converseStream(text: string): Buffer {
  const [a, b] = halves(text);
  const [c, d] = halves(JSON.stringify(toolArguments(text)));
  return awsStream(
    ["messageStart", { role: "assistant" }],
    ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: a } }],
    ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: b } }],
    ["contentBlockStop", { contentBlockIndex: 0 }],
    ["contentBlockStart", { contentBlockIndex: 1, start: { toolUse: { toolUseId: "t1", name: "send" } } }],
    ["contentBlockDelta", { contentBlockIndex: 1, delta: { toolUse: { input: c } } }],
    ["contentBlockDelta", { contentBlockIndex: 1, delta: { toolUse: { input: d } } }],
    ["contentBlockStop", { contentBlockIndex: 1 }],
    ["messageStop", { stopReason: "tool_use" }],
    ["metadata", { usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12 }, metrics: { latencyMs: 1 } }],
  );
}

const error = (text: string) => ({
  error: { message: `No ${text} here`, type: "invalid_request_error", param: text, code: "bad" },
});

/** See the module. */
export const PLANTED_CALLS: readonly PlantedCall[] = [
  call("chat", (text) => ({ body: json(CHAT_ANSWER(text)) })),
  call("chat, streamed", (text) => ({ streaming: true, body: events(chatChunks(text)) })),
  call("chat, broken off", (text) => ({
    streaming: true,
    body: events(chatChunks(text).slice(0, 9)),
    omittedBytes: 12,
  })),
  call("chat, an error", (text) => ({ status: 400, body: json(error(text)) })),
  call("chat, an error that is no JSON", (text) => ({
    status: 502,
    type: "text/html",
    body: Buffer.from(`<p>${text}</p>`),
  })),
  call("chat, an error in the middle", (text) => ({
    streaming: true,
    body: events([...chatChunks(text).slice(0, 4), error(text)]),
  })),
  call("responses", (text) => ({
    endpoint: "responses",
    request: RESPONSES(text),
    body: json(RESPONSES_ANSWER(text)),
  })),
  call("responses, streamed", (text) => ({
    endpoint: "responses",
    request: RESPONSES(text),
    streaming: true,
    body: events([...responseEvents(text), { type: "response.completed", response: RESPONSES_ANSWER(text) }]),
  })),
  call("responses, broken off", (text) => ({
    endpoint: "responses",
    request: RESPONSES(text),
    streaming: true,
    body: events(responseEvents(text)),
  })),
  call("messages", (text) => ({
    endpoint: "messages",
    request: MESSAGES(text),
    body: json({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5",
      content: [
        { type: "thinking", thinking: text, signature: "s" },
        { type: "text", text, citations: [{ type: "char_location", cited_text: text }] },
        { type: "tool_use", id: "toolu_1", name: "send", input: toolArguments(text) },
        { type: "server_tool_use", id: "srv_1", name: "web_search", input: { query: text } },
      ],
      stop_reason: "stop_sequence",
      stop_sequence: text,
      usage: { input_tokens: 9, output_tokens: 3 },
    }),
  })),
  call("messages, streamed", (text) => ({
    endpoint: "messages",
    request: MESSAGES(text),
    streaming: true,
    body: namedEvents(messageEvents(text)),
  })),
  call("messages, an error", (text) => ({
    endpoint: "messages",
    request: MESSAGES(text),
    status: 400,
    body: json({ type: "error", ...error(text) }),
  })),
  call("counting tokens", (text) => ({
    endpoint: "messages.count_tokens",
    request: MESSAGES(text),
    body: json({ input_tokens: 12 }),
  })),
  call("Gemini", (text) => ({
    format: "gemini-generate-content",
    body: json(
      GEMINI(
        [{ text, thought: true }, { text }, { functionCall: { name: "send", args: toolArguments(text) } }],
        {
          finishReason: "STOP",
          groundingMetadata: { webSearchQueries: [text] },
        },
      ),
    ),
  })),
  call("Gemini, streamed", (text) => ({
    format: "gemini-generate-content",
    streaming: true,
    body: events([
      ...halves(text).map((piece) => GEMINI([{ text: piece }])),
      GEMINI([{ text: "" }], { finishReason: "STOP" }),
    ]),
  })),
  call("Converse", (text) => ({ format: "bedrock-converse", body: json(CONVERSE_ANSWER(text)) })),
  call("Converse, streamed", (text) => ({
    format: "bedrock-converse",
    streaming: true,
    type: "application/vnd.amazon.eventstream",
    body: converseStream(text),
  })),
  call("completions", (text) => ({
    endpoint: "completions",
    request: { model: "x", prompt: text, suffix: text },
    body: json({ id: "cmpl-1", model: "x", choices: [{ index: 0, text, finish_reason: "stop" }] }),
  })),
  call("embeddings", (text) => ({
    endpoint: "embeddings",
    request: { model: "x", input: [text, "y"], user: text },
    body: json({
      data: [{ index: 0, embedding: [0.1, 0.2] }],
      model: "x",
      usage: { prompt_tokens: 2, total_tokens: 2 },
    }),
  })),
  call("rerank", (text) => ({
    endpoint: "rerank",
    request: { model: "x", query: text, documents: [text, { text }] },
    body: json({ results: [{ index: 0, relevance_score: 0.5, document: { text } }] }),
  })),
  call("moderations", (text) => ({
    endpoint: "moderations",
    request: { model: "x", input: text },
    body: json({ id: "modr-1", model: "x", results: [{ flagged: false, note: text }] }),
  })),
  call("transcriptions", (text) => ({
    endpoint: "audio.transcriptions",
    request: { model: "whisper-1", prompt: text },
    body: json({
      text,
      words: text.split(" ").map((word) => ({ word, start: 0, end: 1 })),
      segments: [{ text }],
    }),
  })),
  call("images", (text) => ({
    endpoint: "images.generations",
    request: { model: "x", prompt: text },
    body: json({ created: 1_760_000_000, data: [{ revised_prompt: text, url: `https://x.test/${text}` }] }),
  })),
  call("speech", (text) => ({
    endpoint: "audio.speech",
    request: { model: "x", input: text, instructions: text, voice: "alloy" },
    type: "audio/mpeg",
    body: Buffer.from([0xff, 0xfb, 0]),
  })),
  call("a passage", (text) => ({
    endpoint: "proxy",
    request: { anything: [text] },
    body: json({ id: "x", whatever: { deep: text } }),
    more: { passage: { method: "POST", path: `/v1/things/${encodeURIComponent(text)}` } },
  })),
  call("a passage, streamed", (text) => ({
    endpoint: "proxy",
    streaming: true,
    body: events(halves(text).map((piece) => ({ piece }))),
    more: { passage: { method: "POST", path: "/v1/things" } },
  })),
  call("bodies that are no JSON", (text) => ({
    rawRequest: Buffer.from(`{"messages": [{"content": ${JSON.stringify(text)}}`),
    body: Buffer.from(`{"choices": [${JSON.stringify({ text })}, {"escaped": "${escaped(text)}"`),
  })),
  call("bodies that are no text", (text) => ({
    rawRequest: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text)]),
    body: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text)]),
  })),
  call("a refusal", (text) => ({
    more: { outcome: { kind: "refused", status: 429, code: "budget_exceeded", message: `Spent by ${text}` } },
  })),
  call("a failure", (text) => ({
    more: { outcome: { kind: "failed", code: "upstream_error", message: `It hung up on ${text}` } },
  })),
];

/** The text as careless writers of JSON escape it. */
function escaped(text: string): string {
  return text.replaceAll(
    /[^ -~]|["\\@]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
