import type { Conversation, Part, Turn } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { bedrockConverse } from "../../../../packages/translate/src/bedrock-converse/index.ts";
import { CLAUDE, createNotes, MINIMAL } from "./notes.ts";

const MESSAGES = [{ role: "user", content: [{ text: "Hello" }] }];

function write(fields: Partial<Conversation>) {
  const { note, notes } = createNotes();
  const body = bedrockConverse.writeRequest({ ...MINIMAL, ...fields }, note);
  return { body, notes: notes.map(({ field, weight }) => `${field} ${weight}`) };
}

/** The content blocks that a part becomes. */
function blocks(part: Part, model = CLAUDE) {
  const { body, notes } = write({ model, turns: [{ role: "user", parts: [part] }] });
  const [message] =
    (body["messages"] as readonly { readonly content: readonly JsonObject[] }[] | undefined) ?? [];
  return { blocks: message?.content ?? [], notes };
}

const call = (id: string, args = "{}"): Part => ({ kind: "tool_call", id, name: "f", arguments: args });
const result = (callId: string, parts: readonly Part[] = [{ kind: "text", text: "42" }]): Part => ({
  kind: "tool_result",
  callId,
  parts,
});
const TOOL = {
  name: "f",
  description: "d",
  parameters: { type: "object", properties: { a: { type: "string" } } },
};
const TOOL_SPEC = { toolSpec: { name: "f", description: "d", inputSchema: { json: TOOL.parameters } } };
const HISTORY: readonly Turn[] = [
  { role: "user", parts: [{ kind: "text", text: "Hello" }] },
  { role: "assistant", parts: [call("t1")] },
  { role: "user", parts: [result("t1")] },
];

describe("a setting is written", () => {
  test.each<readonly [string, Partial<Conversation>, JsonObject]>([
    ["nothing more than was said", {}, {}],
    [
      "limits and sampling",
      {
        maxOutputTokens: 5,
        stop: ["a"],
        sampling: { temperature: 0, topP: 0.5 },
        model: "amazon.nova-pro-v1:0",
      },
      { inferenceConfig: { maxTokens: 5, temperature: 0, topP: 0.5, stopSequences: ["a"] } },
    ],
    [
      "stop sequences, of which Claude tells which it was",
      { stop: ["a"] },
      {
        inferenceConfig: { stopSequences: ["a"] },
        additionalModelResponseFieldPaths: ["/stop_sequence", "/delta/stop_sequence"],
      },
    ],
    ["top_k for Claude", { sampling: { topK: 3 } }, { additionalModelRequestFields: { top_k: 3 } }],
    [
      "top_k for Nova",
      { model: "us.amazon.nova-lite-v1:0", sampling: { topK: 3 } },
      { additionalModelRequestFields: { inferenceConfig: { topK: 3 } } },
    ],
    [
      "top_k for Cohere",
      { model: "cohere.command-r-v1:0", sampling: { topK: 3 } },
      { additionalModelRequestFields: { k: 3 } },
    ],
    ["the end user", { userId: "u-1" }, { requestMetadata: { user_id: "u-1" } }],
    ["the tier", { serviceTier: "priority" }, { serviceTier: { type: "priority" } }],
    ["no tier for auto", { serviceTier: "auto" }, {}],
    [
      "a schema",
      { outputFormat: { kind: "json_schema", schema: { type: "object" } } },
      {
        outputConfig: {
          textFormat: {
            type: "json_schema",
            structure: { jsonSchema: { name: "answer", schema: '{"type":"object"}' } },
          },
        },
      },
    ],
    [
      "a budget for Claude",
      { reasoning: { budgetTokens: 2000 }, maxOutputTokens: 4000 },
      {
        inferenceConfig: { maxTokens: 4000 },
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 2000 } },
      },
    ],
    [
      "a budget that leaves room for an answer, and is not below Claude's least",
      { reasoning: { budgetTokens: 9000 }, maxOutputTokens: 2000 },
      {
        inferenceConfig: { maxTokens: 2000 },
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 1999 } },
      },
    ],
    [
      "an effort as a budget",
      { reasoning: { effort: "medium" } },
      {
        inferenceConfig: { maxTokens: 16_384 },
        additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 8192 } },
      },
    ],
    [
      "an effort for a Claude that decides on its tokens itself",
      { model: "anthropic.claude-opus-4-7-v1:0", reasoning: { effort: "low", summary: "summarized" } },
      {
        outputConfig: { effort: "low" },
        additionalModelRequestFields: { thinking: { type: "adaptive", display: "summarized" } },
      },
    ],
    ["no thinking", { reasoning: { budgetTokens: 0 } }, {}],
    ["no effort", { model: "amazon.nova-pro-v1:0", reasoning: { effort: "none" } }, {}],
    [
      "an effort for gpt-oss",
      { model: "openai.gpt-oss-120b-1:0", reasoning: { effort: "minimal" } },
      { additionalModelRequestFields: { reasoning_effort: "low" } },
    ],
    [
      "a budget for Qwen",
      { model: "qwen.qwen3-32b-v1:0", reasoning: { budgetTokens: 40_000 } },
      { additionalModelRequestFields: { reasoning_config: "high" } },
    ],
    [
      "an effort for Nova 2",
      { model: "us.amazon.nova-2-lite-v1:0", reasoning: { effort: "medium" } },
      {
        additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "medium" } },
      },
    ],
    ["no choice without tools", { toolChoice: { kind: "required" }, parallelToolCalls: false }, {}],
    [
      "tools, and the choice of one",
      { tools: [TOOL], toolChoice: { kind: "tool", name: "f" } },
      { toolConfig: { tools: [TOOL_SPEC], toolChoice: { tool: { name: "f" } } } },
    ],
    [
      "tools that may be cached",
      { tools: [{ ...TOOL, strict: true, cache: { ttl: "1h" } }], toolChoice: { kind: "required" } },
      {
        toolConfig: {
          tools: [
            { toolSpec: { ...TOOL_SPEC.toolSpec, strict: true } },
            { cachePoint: { type: "default", ttl: "1h" } },
          ],
          toolChoice: { any: {} },
        },
      },
    ],
    [
      "one tool at a time, in Claude's own choice",
      { tools: [TOOL], toolChoice: { kind: "auto" }, parallelToolCalls: false },
      {
        toolConfig: { tools: [TOOL_SPEC] },
        additionalModelRequestFields: { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      },
    ],
    [
      "one tool at a time beside a choice of Converse's",
      { tools: [TOOL], toolChoice: { kind: "required" }, parallelToolCalls: false },
      {
        toolConfig: { tools: [TOOL_SPEC], toolChoice: { any: {} } },
        additionalModelRequestFields: { tool_choice: { disable_parallel_tool_use: true } },
      },
    ],
    [
      "no tools for the choice none, which Converse has not",
      { tools: [TOOL], toolChoice: { kind: "none" } },
      {},
    ],
  ])("%s", (_, fields, expected) => {
    const { body, notes } = write(fields);
    expect(body).toEqual({ messages: MESSAGES, ...expected });
    expect(notes).toEqual([]);
  });

  test("tools that must stay for their calls, with the choice none in Claude's own words", () => {
    const { body, notes } = write({ turns: HISTORY, tools: [TOOL], toolChoice: { kind: "none" } });
    expect(body).toMatchObject({
      toolConfig: { tools: [TOOL_SPEC] },
      additionalModelRequestFields: { tool_choice: { type: "none" } },
    });
    expect(notes).toEqual([]);
  });

  test("stand-ins for tools whose calls are in the conversation", () => {
    const { body, notes } = write({ turns: HISTORY });
    expect(body["toolConfig"]).toEqual({
      tools: [{ toolSpec: { name: "f", inputSchema: { json: { type: "object", properties: {} } } } }],
    });
    expect(notes).toEqual(["tools hint"]);
  });
});

describe("what cannot be said is noted", () => {
  test.each<readonly [string, Partial<Conversation>, readonly string[]]>([
    [
      "what only others draw by",
      {
        sampling: {
          frequencyPenalty: 1,
          presencePenalty: 1,
          seed: 1,
          choices: 2,
          logitBias: { 1: 2 },
          logprobs: true,
          topLogprobs: 2,
        },
      },
      ["frequency_penalty", "presence_penalty", "seed", "n", "logit_bias", "logprobs", "top_logprobs"].map(
        (field) => `${field} matters`,
      ),
    ],
    [
      "nothing for defaults",
      { sampling: { frequencyPenalty: 0, choices: 1, logprobs: false, logitBias: {} } },
      [],
    ],
    ["top_k", { model: "meta.llama3", sampling: { topK: 1 } }, ["top_k matters"]],
    ["effort", { model: "meta.llama3", reasoning: { effort: "high" } }, ["reasoning_effort matters"]],
    [
      "effort for the first Nova",
      { model: "amazon.nova-pro-v1:0", reasoning: { effort: "high" } },
      ["reasoning_effort matters"],
    ],
    ["thinking without room", { reasoning: { effort: "high" }, maxOutputTokens: 1000 }, ["reasoning hint"]],
    [
      "thinking and a forced tool",
      { reasoning: { effort: "high" }, tools: [TOOL], toolChoice: { kind: "required" } },
      ["reasoning hint"],
    ],
    [
      "sampling while Claude thinks",
      { reasoning: { budgetTokens: 2000 }, sampling: { temperature: 0.2, topK: 2, topP: 0.5 } },
      ["temperature hint", "top_p hint", "top_k hint"],
    ],
    [
      "sampling of a Claude that takes none",
      { model: "anthropic.claude-opus-4-7-v1:0", sampling: { temperature: 0.2 } },
      ["temperature matters"],
    ],
    [
      "temperature and top_p both, and too hot",
      { sampling: { temperature: 2, topP: 0.5 } },
      ["temperature hint", "top_p hint"],
    ],
    [
      "thinking that would begin between a call and its result",
      { reasoning: { budgetTokens: 2000 }, turns: HISTORY, tools: [TOOL] },
      ["reasoning hint"],
    ],
    ["JSON without a schema", { outputFormat: { kind: "json" } }, ["response_format matters"]],
    ["a user that is no metadata", { userId: '{"a":1}' }, ["user hint"]],
    ["a strange tier", { serviceTier: "turbo" }, ["service_tier hint"]],
    [
      "one tool at a time elsewhere",
      { model: "amazon.nova-pro-v1:0", tools: [TOOL], parallelToolCalls: false },
      ["parallel_tool_calls matters"],
    ],
    [
      "no tool elsewhere, with calls in the conversation",
      { model: "amazon.nova-pro-v1:0", turns: HISTORY, tools: [TOOL], toolChoice: { kind: "none" } },
      ["tool_choice matters"],
    ],
    [
      "cache marks elsewhere",
      { model: "meta.llama3", tools: [{ ...TOOL, cache: {} }] },
      ["tools[0].cache_control hint"],
    ],
    [
      "a name",
      { turns: [{ role: "user", name: "Ann", parts: [{ kind: "text", text: "Hi" }] }] },
      ["messages[0].name hint"],
    ],
  ])("%s", (_, fields, expected) => {
    expect(write(fields).notes).toEqual(expected);
  });
});

describe("turns", () => {
  test("of instructions stand at the top, later ones too", () => {
    const { body, notes } = write({
      turns: [
        { role: "system", parts: [{ kind: "text", text: "a", cache: {} }] },
        { role: "developer", parts: [{ kind: "text", text: "b" }] },
        { role: "user", parts: [{ kind: "text", text: "Hello" }] },
        { role: "system", parts: [{ kind: "text", text: "c" }] },
      ],
    });
    expect(body["system"]).toEqual([
      { text: "a" },
      { cachePoint: { type: "default" } },
      { text: "b" },
      { text: "c" },
    ]);
    expect(body["messages"]).toEqual(MESSAGES);
    expect(notes).toEqual(["messages[3] hint"]);
  });

  test("of one speaker become one message, and empty ones none", () => {
    const text = (words: string): Part => ({ kind: "text", text: words });
    const { body } = write({
      turns: [
        { role: "user", parts: [text("a")] },
        { role: "assistant", parts: [text(" ")] },
        { role: "user", parts: [text("b")] },
        { role: "assistant", parts: [call("t1"), call("t2")] },
        { role: "user", parts: [result("t1")] },
        { role: "user", parts: [result("t2")] },
      ],
    });
    const messages = body["messages"] as readonly {
      readonly role: string;
      readonly content: readonly object[];
    }[];
    expect(messages.map(({ role, content }) => [role, content.length])).toEqual([
      ["user", 2],
      ["assistant", 2],
      ["user", 2],
    ]);
  });

  test("of instructions hold text only", () => {
    const image: Part = { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA==" } };
    const { notes } = write({ turns: [{ role: "system", parts: [image] }, ...MINIMAL.turns] });
    expect(notes).toEqual(["messages[0].content[0] matters"]);
  });
});

describe("a part is written", () => {
  const bytes = { bytes: "AA==" };
  const base64 = (mediaType: string) => ({ kind: "base64", mediaType, data: "AA==" }) as const;

  test.each<readonly [string, Part, readonly JsonObject[]]>([
    [
      "text with a cache mark",
      { kind: "text", text: "a", cache: { ttl: "5m" } },
      [{ text: "a" }, { cachePoint: { type: "default", ttl: "5m" } }],
    ],
    ["a refusal", { kind: "refusal", text: "no" }, [{ text: "no" }]],
    [
      "an image",
      { kind: "image", source: base64("image/jpg") },
      [{ image: { format: "jpeg", source: bytes } }],
    ],
    [
      "an image in S3",
      { kind: "image", source: { kind: "url", url: "s3://b/k.png" } },
      [{ image: { format: "png", source: { s3Location: { uri: "s3://b/k.png" } } } }],
    ],
    [
      "a file, with a name that Bedrock takes",
      { kind: "file", source: base64("application/pdf"), filename: "Q3: résumé_final.pdf" },
      [{ document: { format: "pdf", name: "Q3- r-sum--final", source: bytes } }],
    ],
    [
      "a text file",
      { kind: "file", source: { kind: "text", mediaType: "text/markdown", text: "Hi" } },
      [{ document: { format: "md", name: "document", source: { bytes: "SGk=" } } }],
    ],
    ["a video", { kind: "file", source: base64("video/mp4") }, [{ video: { format: "mp4", source: bytes } }]],
    [
      "an image as a file",
      { kind: "file", source: base64("image/png") },
      [{ image: { format: "png", source: bytes } }],
    ],
    [
      "a sound",
      { kind: "audio", source: base64("audio/mpeg") },
      [{ audio: { format: "mp3", source: bytes } }],
    ],
    [
      "a call",
      call("toolu_1", '{"a":1}'),
      [{ toolUse: { toolUseId: "toolu_1", name: "f", input: { a: 1 } } }],
    ],
    ["a call without arguments", call("t", ""), [{ toolUse: { toolUseId: "t", name: "f", input: {} } }]],
    [
      "a failed result with text and image, and what is cached inside it",
      {
        kind: "tool_result",
        callId: "t",
        isError: true,
        parts: [
          { kind: "text", text: "a" },
          { kind: "image", source: base64("image/png"), cache: {} },
        ],
      },
      [
        {
          toolResult: {
            toolUseId: "t",
            content: [{ text: "a" }, { image: { format: "png", source: bytes } }],
            status: "error",
          },
        },
        { cachePoint: { type: "default" } },
      ],
    ],
    [
      "signed thinking of Anthropic's",
      { kind: "reasoning", text: "hm", signature: "s", origin: "anthropic-messages" },
      [{ reasoningContent: { reasoningText: { text: "hm", signature: "s" } } }],
    ],
    [
      "encrypted thinking, as the blob of its text",
      { kind: "reasoning", text: "", encrypted: "EtkE", origin: "bedrock-converse" },
      [{ reasoningContent: { redactedContent: Buffer.from("EtkE").toString("base64") } }],
    ],
  ])("%s", (_, part, expected) => {
    const tools = blocks(part);
    expect(tools.blocks).toEqual(expected);
    expect(tools.notes.filter((note) => note !== "tools hint")).toEqual([]);
  });

  test.each<readonly [string, Part, readonly string[]]>([
    [
      "an image on the web",
      { kind: "image", source: { kind: "url", url: "https://a/b.png" } },
      ["messages[0].content[0] matters"],
    ],
    [
      "another provider's file",
      { kind: "file", source: { kind: "file_id", id: "file-1" } },
      ["messages[0].content[0] matters"],
    ],
    [
      "an image of a kind that Bedrock does not take",
      { kind: "image", source: base64("image/tiff") },
      ["messages[0].content[0] matters"],
    ],
    [
      "OpenAI's thinking",
      { kind: "reasoning", text: "", encrypted: "x", origin: "openai-responses" },
      ["messages[0].content[0] hint"],
    ],
    ["unsigned thinking", { kind: "reasoning", text: "hm" }, ["messages[0].content[0] hint"]],
  ])("%s is left out, and noted", (_, part, expected) => {
    expect(blocks(part)).toEqual({ blocks: [], notes: expected });
  });

  test.each<readonly [string, Part, readonly string[]]>([
    [
      "how closely to look",
      { kind: "image", source: base64("image/png"), detail: "high" },
      ["messages[0].content[0].detail hint"],
    ],
    [
      "Gemini's signature",
      { kind: "tool_call", id: "t", name: "f", arguments: "{}", signature: "x" },
      ["messages[0].content[0].signature hint"],
    ],
    ["arguments that are no object", call("t", "[1"), ["messages[0].content[0].arguments hint"]],
    ["an empty result", result("t", []), ["messages[0].content[0].content hint"]],
  ])("%s is noted", (_, part, expected) => {
    expect(blocks(part).notes.filter((note) => note !== "tools hint")).toEqual(expected);
  });

  test("thinking that nobody signed goes back to the model that made it, and to no Claude", () => {
    const thought: Part = { kind: "reasoning", text: "hm", origin: "bedrock-converse" };
    expect(blocks(thought, "openai.gpt-oss-120b-1:0").blocks).toEqual([
      { reasoningContent: { reasoningText: { text: "hm" } } },
    ]);
    expect(blocks(thought).blocks).toEqual([]);
    const signed: Part = { ...thought, signature: "s" };
    expect(blocks(signed, "openai.gpt-oss-120b-1:0").blocks).toEqual([]);
    expect(blocks(signed, "arn:aws:bedrock:us-east-1:1:application-inference-profile/x").blocks).toHaveLength(
      1,
    );
  });

  test("documents of one name get different ones", () => {
    const file: Part = { kind: "file", source: base64("application/pdf"), filename: "a.pdf" };
    const { body } = write({ turns: [{ role: "user", parts: [file, file] }] });
    expect(JSON.stringify(body)).toMatch(/"name":"a".*"name":"a 2"/);
  });

  test("ids that Claude refuses are changed alike in call and result, and never into one another", () => {
    const { body } = write({
      turns: [
        { role: "assistant", parts: [call("functions.f:0"), call("functions_f_0"), call("x".repeat(80))] },
        { role: "user", parts: [result("functions.f:0"), result("functions_f_0"), result("x".repeat(80))] },
      ],
      tools: [TOOL],
    });
    const [calls, results] = [...JSON.stringify(body).matchAll(/"toolUseId":"([^"]+)"/g)]
      .map(([, id]) => id ?? "")
      .reduce<[string[], string[]]>(
        ([a, b], id) => (a.length < 3 ? [[...a, id], b] : [a, [...b, id]]),
        [[], []],
      );
    expect(calls).toEqual(results);
    expect(new Set(calls).size).toBe(3);
    for (const id of calls) expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(blocks(call("functions.f:0"), "moonshot.kimi-k2-thinking").blocks).toMatchObject([
      { toolUse: { toolUseId: "functions.f:0" } },
    ]);
  });
});
