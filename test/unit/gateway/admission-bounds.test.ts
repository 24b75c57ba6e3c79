import "../../support/property-seed.ts";
import { ENDPOINTS, type Endpoint } from "@sluice/trace";
import { translate } from "@sluice/translate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  boundsAt,
  type CallBounds,
  rateTokens,
  requestBounds,
  requestTerms,
} from "../../../packages/gateway/src/admission/request-bounds.ts";
import { parseJson, readInferenceRequest } from "../../../packages/gateway/src/inference-request.ts";

function request(text: string) {
  const body = Buffer.from(text);
  return readInferenceRequest(body, parseJson(body));
}

function boundsOf(fields: object) {
  return requestBounds(request(JSON.stringify({ model: "gpt-4o", ...fields })), "chat.completions");
}

function content(...parts: object[]) {
  return { messages: [{ role: "user", content: parts }] };
}

const base64 = fc.base64String({ maxLength: 400 });
/** Parts as they are, as they should not be, and inside of each other. */
const { part: arbitraryPart } = fc.letrec<{ part: unknown }>((tie) => ({
  part: fc.record(
    {
      type: fc.constantFrom(
        "text",
        "image",
        "image_url",
        "input_file",
        "document",
        "tool_result",
        "message",
        "x",
      ),
      role: fc.constant("user"),
      text: fc.string(),
      content: fc.oneof({ depthSize: "small" }, fc.string(), fc.array(tie("part"), { maxLength: 3 })),
      source: fc.record({
        type: fc.constantFrom("base64", "text", "content", "url"),
        data: base64,
        content: tie("part"),
      }),
      image_url: fc.oneof(base64, fc.record({ url: base64 }), fc.jsonValue()),
      file_data: base64,
    },
    { requiredKeys: ["type"] },
  ),
}));

describe("the bounds of a request", () => {
  it("are every byte of it", () => {
    const text = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Grüße 😀" }] });
    expect(requestBounds(request(text), "chat.completions").inputBytes).toBe(Buffer.byteLength(text));
  });

  it.each([
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 7 }, 7],
    // A provider that knows one of the two names may give as much as that says.
    [{ max_tokens: 900, max_completion_tokens: 1 }, 900],
    [{ max_tokens: 1, max_completion_tokens: 900 }, 900],
    [{ max_tokens: 0 }, undefined],
    [{ max_tokens: -1 }, undefined],
    [{ max_tokens: 1.5 }, undefined],
    [{ max_tokens: "5" }, undefined],
    [{ max_tokens: null }, undefined],
    [{}, undefined],
  ])("take the output limit of %j for %s", (fields, limit) => {
    expect(boundsOf(fields).maxOutputTokens).toBe(limit);
  });

  it("count the answers that are asked for", () => {
    expect(boundsOf({ n: 3 }).choices).toBe(3);
    expect(boundsOf({}).choices).toBe(1);
  });

  it.each([
    [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }, { image: 1 }],
    [{ type: "image_url", image_url: "https://example.com/a.png" }, { image: 1 }],
    [{ type: "input_audio", input_audio: { data: "QUJD", format: "wav" } }, { audio: 1 }],
    [{ type: "file", file: { file_id: "file-1" } }, { file: 1 }],
    [{ type: "document_url", document_url: "https://example.com/a.pdf" }, { file: 1 }],
    [{ type: "video_url", video_url: { url: "https://example.com/a.mp4" } }, { video: 1 }],
    [{ type: "text", text: "hello" }, {}],
  ])("count the attachment %j", (part, attachments) => {
    expect(boundsOf(content(part)).attachments).toEqual(attachments);
  });

  it("count an earlier answer's audio, which is given by its id", () => {
    const messages = [{ role: "assistant", audio: { id: "audio_1" } }];
    expect(boundsOf({ messages }).attachments).toEqual({ audio: 1 });
  });

  it("take inline media out of the bytes, and nothing else", () => {
    const url = `data:image/png;base64,${"A".repeat(10_000)}`;
    const inline = boundsOf(content({ type: "image_url", image_url: { url } }));
    const empty = boundsOf(content({ type: "image_url", image_url: { url: "" } }));
    expect(inline.inputBytes).toBe(empty.inputBytes);
    expect(inline.attachments).toEqual({ image: 1 });
    const remote = `https://example.com/${"a".repeat(1_000)}`;
    expect(boundsOf(content({ type: "image_url", image_url: { url: remote } })).inputBytes).toBe(
      empty.inputBytes + remote.length,
    );
  });

  it.each([
    [`{"model":"m","messages":[{"content":[{"cache_control":{"type":"ephemeral"}}]}]}`, "1h"],
    // The same, as a caller could hide it.
    [String.raw`{"model":"m","messages":[{"content":[{"cache\u005fcontrol":{}}]}]}`, "1h"],
    [String.raw`{"model":"m","messages":[{"content":[{"\u0063ache_contro\u006C":{}}]}]}`, "1h"],
    [`{"model":"m","messages":[{"content":"hello"}]}`, "none"],
    // Go escapes these in every text.
    [String.raw`{"model":"m","messages":[{"content":"\u003cb\u003e \u0026 \u00e9"}]}`, "none"],
  ])("of %s assume cache writes of %s", (text, cacheWrites) => {
    expect(requestBounds(request(text), "chat.completions").cacheWrites).toBe(cacheWrites);
  });

  it("never take more out than there is, nor throw, whatever the request holds", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ENDPOINTS),
        fc.dictionary(
          fc.constantFrom(
            "messages",
            "input",
            "system",
            "tools",
            "prompt",
            "documents",
            "query",
            "n",
            "reasoning",
          ),
          fc.oneof(fc.jsonValue(), fc.array(arbitraryPart)),
        ),
        (endpoint, fields) => {
          const text = JSON.stringify({ ...fields, model: "m" });
          const bounds = requestBounds(request(text), endpoint);
          expect(bounds.inputBytes).toBeGreaterThan(0);
          expect(Number.isSafeInteger(rateTokens(bounds))).toBe(true);
          expect(bounds.choices ?? 1).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of an embedding have no output", () => {
    const text = JSON.stringify({ model: "m", input: "abc", max_tokens: 900 });
    expect(requestBounds(request(text), "embeddings").maxOutputTokens).toBe(0);
  });
});

describe("the terms that a request asks for", () => {
  it.each([
    [{}, {}],
    [{ service_tier: "priority" }, { serviceTier: "priority" }],
    [{ service_tier: null }, {}],
    [{ speed: "fast", service_tier: "auto" }, { serviceTier: "fast" }],
    [{ inference_geo: "us" }, { inferenceGeo: "us" }],
  ])("of %j are %j", (fields, terms) => {
    expect(requestTerms(request(JSON.stringify({ model: "m", ...fields })))).toEqual(terms);
  });
});

describe("the tokens that a call takes of its minute", () => {
  it("are a quarter of its bytes, rounded up, and the output of all its answers", () => {
    expect(rateTokens({ inputBytes: 9, maxOutputTokens: 100, choices: 2 })).toBe(203);
    expect(rateTokens({ inputBytes: 8 })).toBe(2);
  });
});

/** What an endpoint's request is bounded by, beside its bytes; the reason where it is not bounded. */
describe("the bounds of every endpoint's request", () => {
  const PDF = `data:application/pdf;base64,${"A".repeat(5_000)}`;
  const image = {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "A".repeat(5_000) },
  };
  const user = (...parts: object[]) => ({ max_tokens: 9, messages: [{ role: "user", content: parts }] });
  const input = (...parts: object[]) => ({ max_output_tokens: 9, input: [{ role: "user", content: parts }] });
  const items = (...given: object[]) => ({ max_output_tokens: 9, input: given });

  it.each<[Endpoint, string, object, Partial<CallBounds>]>([
    // Anthropic's messages
    ["messages", "the limit of the output", { max_tokens: 50 }, { maxOutputTokens: 50, choices: 1 }],
    [
      "messages",
      "thinking, which is inside of that limit",
      { max_tokens: 5_000, thinking: { type: "enabled", budget_tokens: 4_000 } },
      { maxOutputTokens: 5_000 },
    ],
    ["messages", "an image", user(image), { attachments: { image: 1 } }],
    [
      "messages",
      "an image by URL",
      user({ type: "image", source: { type: "url" } }),
      { attachments: { image: 1 } },
    ],
    [
      "messages",
      "a PDF",
      user({ type: "document", source: { type: "file", file_id: "f" } }),
      { attachments: { file: 1 } },
    ],
    [
      "messages",
      "a document's text",
      user({ type: "document", source: { type: "text", data: "abc" } }),
      { attachments: {} },
    ],
    [
      "messages",
      "a document's parts",
      user({ type: "document", source: { type: "content", content: [image] } }),
      { attachments: { image: 1 } },
    ],
    [
      "messages",
      "what a tool gave",
      user({ type: "tool_result", content: [image, image] }),
      { attachments: { image: 2 } },
    ],
    ["messages", "the system's parts", { system: [{ type: "text", text: "x" }] }, { attachments: {} }],
    // OpenAI's responses
    [
      "responses",
      "the limit of the output",
      { max_output_tokens: 50, max_tokens: 900 },
      { maxOutputTokens: 50 },
    ],
    [
      "responses",
      "an image",
      input({ type: "input_image", image_url: "https://x.example/a" }),
      { attachments: { image: 1 } },
    ],
    ["responses", "a file", input({ type: "input_file", file_data: PDF }), { attachments: { file: 1 } }],
    [
      "responses",
      "a stored file",
      input({ type: "input_file", file_id: "file-1" }),
      { attachments: { file: 1 } },
    ],
    [
      "responses",
      "what a tool gave",
      items({ type: "function_call_output", output: [{ type: "input_image", image_url: "x" }] }),
      { attachments: { image: 1 } },
    ],
    [
      "responses",
      "a picture of the screen",
      items({ type: "computer_call_output", output: { type: "computer_screenshot", file_id: "f" } }),
      { attachments: { image: 1 } },
    ],
    ["responses", "the answer before", { previous_response_id: "resp_1" }, { fillsContext: true }],
    ["responses", "a conversation", { conversation: "conv_1" }, { fillsContext: true }],
    ["responses", "an item by its id", items({ type: "item_reference", id: "i" }), { fillsContext: true }],
    [
      "responses",
      "kept thinking",
      items({ type: "reasoning", id: "rs_1", summary: [] }),
      { fillsContext: true },
    ],
    [
      "responses",
      "the results of a search",
      items({ type: "web_search_call", id: "ws_1" }),
      { fillsContext: true },
    ],
    // Completions
    ["completions", "the best of many", { n: 2, best_of: 5 }, { choices: 5 }],
    ["completions", "several prompts", { n: 2, prompt: ["a", "b", "c"] }, { choices: 6 }],
    ["completions", "a prompt of tokens", { prompt: [1, 2, 3] }, { choices: 1 }],
    ["completions", "prompts of tokens", { prompt: [[1, 2], [3]] }, { choices: 2 }],
    ["completions", "the limit of the output", { max_tokens: 5 }, { maxOutputTokens: 5 }],
    // Operations without a conversation
    ["embeddings", "no output", { input: ["a"], max_tokens: 9 }, { maxOutputTokens: 0 }],
    [
      "moderations",
      "an image",
      { input: [{ type: "image_url", image_url: { url: "https://x.example/a" } }] },
      { maxOutputTokens: 0, attachments: { image: 1 } },
    ],
    ["images.generations", "each image", { prompt: "a cat", n: 4 }, { choices: 4, unmetered: true }],
    [
      "audio.speech",
      "the events that tell its usage",
      { input: "a", stream_format: "sse" },
      { unmetered: true },
    ],
    ["rerank", "no output", { query: "a", documents: ["b"] }, { maxOutputTokens: 0, unmetered: true }],
    ["messages.count_tokens", "nothing", {}, { maxOutputTokens: 0 }],
  ])("%s: %s", (endpoint, _what, fields, expected) => {
    const bounds = requestBounds(request(JSON.stringify({ model: "m", ...fields })), endpoint);
    expect(bounds).toMatchObject(expected);
    // Nothing beside it.
    const { fillsContext, attachments = bounds.attachments } = expected;
    expect(bounds.attachments).toEqual(attachments);
    expect([bounds.unbounded, bounds.fillsContext]).toEqual([undefined, fillsContext]);
  });

  it.each<[Endpoint, object, string | undefined]>([
    ["chat.completions", { tools: [{ type: "openrouter:web_search" }] }, "tools"],
    ["chat.completions", { tools: [{ type: "builtin_function" }] }, "tools"],
    ["chat.completions", { search_parameters: { mode: "auto" } }, "search_parameters"],
    ["chat.completions", { plugins: [{ id: "web" }] }, "plugins"],
    ["chat.completions", { models: ["a", "b"] }, "models"],
    ["chat.completions", { data_sources: [{ type: "azure_search" }] }, "data_sources"],
    ["chat.completions", { n: "3" }, "n"],
    ["chat.completions", { n: 0 }, "n"],
    ["completions", { best_of: 1.5 }, "best_of"],
    ["messages", { tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 1 }] }, "tools"],
    ["messages", { tools: [{ type: "code_execution_20260120", name: "code_execution" }] }, "tools"],
    ["messages", { tools: [{ type: "advisor_20260301", name: "advisor" }] }, "tools"],
    ["messages", { mcp_servers: [{ type: "url" }] }, "mcp_servers"],
    ["messages", { context_management: { edits: [{ type: "compact_20260112" }] } }, "context_management"],
    ["messages", { container: { skills: [] } }, "container"],
    ["responses", { tools: [{ type: "web_search" }] }, "tools"],
    ["responses", { tools: [{ type: "namespace", tools: [{ type: "file_search" }] }] }, "tools"],
    ["responses", { tools: [{ type: "shell", environment: { type: "container_auto" } }] }, "tools"],
    ["responses", { input: [{ type: "additional_tools", tools: [{ type: "mcp" }] }] }, "tools"],
    ["responses", { context_management: [{ type: "compaction" }] }, "context_management"],
    ["responses", { background: true }, "background"],
    ["responses", { prompt: { id: "pmpt_1" } }, "prompt"],
    ["responses", { input: [{ type: "something_new" }] }, undefined],
    ["chat.completions", content({ type: "something_new" }), undefined],
    ["messages", content({ type: "container_upload", file_id: "f" }), undefined],
    ["embeddings", { input: [{ image: "https://x.example/a" }] }, undefined],
    ["rerank", { query: "a" }, "documents"],
    ["audio.speech", { input: "hello" }, "stream_format"],
    ["proxy", {}, undefined],
  ])("%s has none for %j", (endpoint, fields, param) => {
    const { unbounded } = requestBounds(request(JSON.stringify({ model: "m", ...fields })), endpoint);
    expect(unbounded?.reason).toMatch(/.{20}/);
    expect(unbounded?.param).toBe(param);
  });

  it.each<[Endpoint, object]>([
    [
      "chat.completions",
      { tools: [{ type: "function", function: { name: "f" } }], n: null, models: [], plugins: null },
    ],
    ["chat.completions", { search_parameters: { mode: "off" } }],
    [
      "messages",
      {
        tools: [
          { name: "f", input_schema: {} },
          { type: "bash_20250124", name: "bash" },
        ],
      },
    ],
    ["messages", { context_management: { edits: [{ type: "clear_thinking_20251015" }] } }],
    ["messages", content({ type: "web_search_tool_result", content: [{ type: "web_search_result" }] })],
    [
      "responses",
      {
        tools: [
          { type: "custom", name: "f" },
          { type: "shell", environment: { type: "local" } },
        ],
      },
    ],
    [
      "responses",
      { input: [{ type: "reasoning", id: "rs_1", encrypted_content: "gAAAA" }], background: false },
    ],
  ])("%s has one for %j", (endpoint, fields) => {
    const bounds = requestBounds(request(JSON.stringify({ model: "m", ...fields })), endpoint);
    expect(bounds).not.toHaveProperty("unbounded");
    expect(bounds).not.toHaveProperty("fillsContext");
  });

  it("take media out of the bytes, and leave what may be text in them", () => {
    const bytes = (body: object, endpoint: Endpoint) =>
      requestBounds(request(JSON.stringify({ model: "m", ...body })), endpoint).inputBytes;
    expect(bytes(user(image), "messages")).toBeLessThan(500);
    expect(bytes(input({ type: "input_file", file_data: PDF }), "responses")).toBeLessThan(500);
    const text = PDF.replace("application/pdf", "text/plain");
    expect(bytes(input({ type: "input_file", file_data: text }), "responses")).toBeGreaterThan(5_000);
  });

  it("have room for the prompts that providers put before their own tools", () => {
    const bytes = (tools: object[]) =>
      requestBounds(request(JSON.stringify({ model: "m", tools })), "messages").inputBytes;
    const plain = bytes([{ type: "custom___________", name: "computer" }]);
    expect(bytes([{ type: "computer_20250124", name: "computer" }]) - plain).toBe(2_048);
  });

  it("count the query of a ranking once more for each passage", () => {
    const body = {
      model: "m",
      query: "what?",
      documents: ["a", { text: "b" }, { image: "https://x.example/c" }],
    };
    const text = JSON.stringify(body);
    expect(requestBounds(request(text), "rerank")).toMatchObject({
      inputBytes: text.length + 3 * 5,
      attachments: { image: 1 },
    });
  });

  it("count an hour of a long sound for as many bytes as it needs at least", () => {
    const audio = (length: number) =>
      boundsOf(content({ type: "input_audio", input_audio: { data: "A".repeat(length), format: "mp3" } }))
        .attachments;
    expect(audio(3_600_000)).toEqual({ audio: 1 });
    expect(audio(3_600_004)).toEqual({ audio: 2 });
  });
});

describe("the bounds of a transcription", () => {
  const form = (file: Buffer | undefined, fields: Record<string, string> = {}) => {
    const part = (head: string, value: Buffer | string) =>
      Buffer.concat([
        Buffer.from(`--b0\r\ncontent-disposition: form-data; ${head}\r\n\r\n`),
        Buffer.from(value as string),
        Buffer.from("\r\n"),
      ]);
    const body = Buffer.concat([
      part('name="model"', "m"),
      ...Object.entries(fields).map(([name, value]) => part(`name="${name}"`, value)),
      ...(file ? [part('name="file"; filename="a.mp3"', file)] : []),
      Buffer.from("--b0--\r\n"),
    ]);
    return requestBounds(
      { model: "m", streaming: false, wantsUsageChunk: false, json: {}, body },
      "audio.transcriptions",
    );
  };

  it("are the hours that its sound can have, and the text beside it", () => {
    const bounds = form(Buffer.alloc(2_700_001, 7), { prompt: "x".repeat(100) });
    expect(bounds).toMatchObject({ attachments: { audio: 2 }, unmetered: true });
    expect(bounds.inputBytes).toBeGreaterThan(100);
    expect(bounds.inputBytes).toBeLessThan(500);
    expect(bounds).not.toHaveProperty("unbounded");
  });

  it.each([
    ["a sound by its URL", form(undefined, { url: "https://x.example/a.mp3" }), "file"],
    ["an answer that tells no usage", form(Buffer.alloc(9), { response_format: "srt" }), "response_format"],
  ])("are none for %s", (_what, { unbounded }, param) => {
    expect(unbounded?.param).toBe(param);
  });
});

describe("the bounds at a target", () => {
  const at = (
    model: string,
    fields: object = {},
    format?: "anthropic-messages" | "gemini-generate-content",
  ) => {
    const inference = request(JSON.stringify({ model: "m", ...fields }));
    const [provider = "", name = ""] = model.split(/\/(.*)/);
    return boundsAt(
      requestBounds(inference, "chat.completions"),
      inference,
      { provider, model: name },
      format,
    );
  };

  it.each([
    ["the limit that a translation sets", {}, 8_192],
    ["that limit, and what a word for thinking adds", { reasoning_effort: "high" }, 8_192 + 32_768],
    ["that limit, and the caller's budget", { reasoning: { max_tokens: 60_000 } }, 8_192 + 60_000],
    ["the caller's limit", { max_tokens: 5, reasoning_effort: "high" }, 5],
  ])("have %s", (_what, fields, expected) => {
    expect(at("anthropic/claude-x", fields, "anthropic-messages").maxOutputTokens).toBe(expected);
  });

  it.each<[object]>([
    [{}],
    [{ reasoning_effort: "xhigh" }],
    [{ reasoning_effort: "minimal" }],
    [{ reasoning: { max_tokens: 60_000 } }],
    [{ thinking: { type: "enabled", budget_tokens: 70_000 } }],
    [{ max_completion_tokens: 300, reasoning_effort: "high" }],
  ])("are no lower than what is sent for %j", async (fields) => {
    for (const model of ["claude-sonnet-4-5", "claude-opus-4-7", "claude-3-haiku"]) {
      const { body } = await translate({
        from: "openai-chat",
        to: "anthropic-messages",
        body: { model: "m", messages: [{ role: "user", content: "Hello" }], ...fields },
        model,
        callerModel: "m",
        newId: (prefix) => `${prefix}1`,
        nowS: 0,
      });
      const { max_tokens: sent } = JSON.parse(body.toString()) as { max_tokens: number };
      expect(at(`anthropic/${model}`, fields, "anthropic-messages").maxOutputTokens).toBeGreaterThanOrEqual(
        sent,
      );
    }
  });

  it("leave the model's own limit where nothing sets one", () => {
    expect(at("gemini/gemini-x", {}, "gemini-generate-content")).not.toHaveProperty("maxOutputTokens");
    expect(at("openai/gpt-x")).not.toHaveProperty("maxOutputTokens");
  });

  it.each([
    ["openai/o3-deep-research", {}, "model"],
    ["openai/gpt-4o-search-preview-2025-03-11", {}, "model"],
    ["groq/groq/compound-mini", {}, "model"],
    ["openrouter/openai/gpt-4o:online", {}, "model"],
    ["openrouter/openrouter/auto", {}, "model"],
    ["openai/gpt-4o", { web_search_options: {} }, "web_search_options"],
    ["perplexity/sonar-pro", { web_search_options: { search_type: "pro" } }, "web_search_options"],
    ["perplexity/sonar-pro", { web_search_options: { search_context_size: "high" } }, undefined],
    ["openai/gpt-4o", {}, undefined],
    ["openai/gpt-4o-audio-preview", {}, undefined],
  ])("of %s with %j are none because of %s", (model, fields, param) => {
    expect(at(model, fields).unbounded?.param).toBe(param);
  });
});
