import "../../../support/property-seed.ts";
import { type Conversation, MalformedRequestError, type Part, type Tool, type Turn } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bedrockConverse } from "../../../../packages/translate/src/bedrock-converse/index.ts";
import { CLAUDE, createNotes, MINIMAL } from "./notes.ts";

function read(body: JsonObject) {
  const { note, notes } = createNotes();
  const conversation = bedrockConverse.readRequest(body, note);
  return { conversation, notes: notes.map(({ field, weight }) => `${field} ${weight}`) };
}

/** The parts that a content becomes. */
function parts(...content: readonly JsonObject[]) {
  const { conversation, notes } = read({ messages: [{ role: "user", content }] });
  return { parts: conversation.turns[0]?.parts, notes };
}

describe("a request of Converse", () => {
  test("loses nothing that a conversation can say", () => {
    const { conversation, notes } = read({
      modelId: "m",
      system: [{ text: "Be brief." }, { cachePoint: { type: "default", ttl: "1h" } }],
      messages: [{ role: "user", content: [{ text: "Hello" }] }],
      inferenceConfig: { maxTokens: 5, temperature: 0.5, topP: 0.9, stopSequences: ["a"] },
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: "f",
              description: "d",
              inputSchema: { json: { type: "object" } },
              strict: true,
            },
          },
          { cachePoint: { type: "default" } },
          { toolSpec: { name: "g", inputSchema: {} } },
        ],
        toolChoice: { any: {} },
      },
      outputConfig: {
        effort: "low",
        textFormat: {
          type: "json_schema",
          structure: { jsonSchema: { name: "n", description: "e", schema: '{"type":"object"}' } },
        },
      },
      additionalModelRequestFields: {
        top_k: 3,
        thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" },
        tool_choice: { disable_parallel_tool_use: true },
      },
      requestMetadata: { user_id: "u" },
      serviceTier: { type: "flex" },
    });
    expect(conversation).toEqual({
      model: "m",
      turns: [
        { role: "system", parts: [{ kind: "text", text: "Be brief.", cache: { ttl: "1h" } }] },
        { role: "user", parts: [{ kind: "text", text: "Hello" }] },
      ],
      tools: [
        { name: "f", description: "d", parameters: { type: "object" }, strict: true, cache: {} },
        { name: "g", parameters: { type: "object", properties: {} } },
      ],
      toolChoice: { kind: "required" },
      parallelToolCalls: false,
      maxOutputTokens: 5,
      stop: ["a"],
      sampling: { temperature: 0.5, topP: 0.9, topK: 3 },
      reasoning: { effort: "low", budgetTokens: 2000, summary: "omitted" },
      outputFormat: { kind: "json_schema", name: "n", description: "e", schema: { type: "object" } },
      stream: false,
      streamUsage: true,
      userId: "u",
      serviceTier: "flex",
    });
    expect(notes).toEqual([]);
  });

  test.each<readonly [JsonObject, Partial<Conversation>]>([
    [
      { additionalModelRequestFields: { thinking: { type: "disabled" } } },
      { reasoning: { budgetTokens: 0 } },
    ],
    [{ additionalModelRequestFields: { thinking: { type: "adaptive" } } }, { reasoning: { adaptive: true } }],
    [{ additionalModelRequestFields: { reasoning_effort: "low" } }, { reasoning: { effort: "low" } }],
    [{ additionalModelRequestFields: { reasoning_config: "high" } }, { reasoning: { effort: "high" } }],
    [
      { additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } } },
      { reasoning: { effort: "low" } },
    ],
    [{ additionalModelRequestFields: { tool_choice: { type: "none" } } }, { toolChoice: { kind: "none" } }],
    [{ toolConfig: { tools: [], toolChoice: { auto: {} } } }, { toolChoice: { kind: "auto" } }],
    [
      { toolConfig: { tools: [], toolChoice: { tool: { name: "f" } } } },
      { toolChoice: { kind: "tool", name: "f" } },
    ],
  ])("with %j is read", (fields, expected) => {
    const { conversation, notes } = read({ messages: [], ...fields });
    expect(conversation).toMatchObject(expected);
    expect(notes).toEqual([]);
  });

  test("has fields of Bedrock's alone, which are noted", () => {
    const { notes } = read({
      messages: [],
      guardrailConfig: { guardrailIdentifier: "g" },
      performanceConfig: { latency: "optimized" },
      brandNew: 1,
      nothing: null,
      additionalModelRequestFields: { own: 1 },
      requestMetadata: { team: "x" },
      toolConfig: { tools: [{ systemTool: { name: "nova_grounding" } }] },
    });
    expect(notes).toEqual([
      "guardrailConfig matters",
      "performanceConfig hint",
      "brandNew matters",
      "additionalModelRequestFields.own matters",
      "requestMetadata.team hint",
      "toolConfig.tools[0] matters",
    ]);
  });

  test.each<readonly [JsonObject, string]>([
    [{}, "messages"],
    [{ messages: [{ role: "tool", content: [] }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: "Hello" }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: ["Hello"] }] }, "messages[0].content[0]"],
    [
      { messages: [{ role: "assistant", content: [{ toolUse: {} }] }] },
      "messages[0].content[0].toolUse.name",
    ],
    [
      { messages: [{ role: "user", content: [{ toolResult: {} }] }] },
      "messages[0].content[0].toolResult.toolUseId",
    ],
    [{ messages: [], toolConfig: { tools: [{ toolSpec: {} }] } }, "toolConfig.tools[0].toolSpec.name"],
    [{ messages: [], system: "Be brief." }, "system"],
  ])("%j is malformed", (body, field) => {
    expect(() => read(body)).toThrow(MalformedRequestError);
    expect(() => read(body)).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe("a content block", () => {
  test.each<readonly [string, readonly JsonObject[], readonly Part[]]>([
    [
      "a document with text",
      [{ document: { name: "a", source: { text: "Hi" } } }],
      [{ kind: "file", source: { kind: "text", mediaType: "text/plain", text: "Hi" }, filename: "a" }],
    ],
    [
      "a video in S3",
      [{ video: { format: "mp4", source: { s3Location: { uri: "s3://b/k" } } } }],
      [{ kind: "file", source: { kind: "url", url: "s3://b/k", mediaType: "video/mp4" } }],
    ],
    [
      "a JSON result",
      [{ toolResult: { toolUseId: "t", content: [{ json: { a: 1 } }, { text: "b" }], status: "success" } }],
      [
        {
          kind: "tool_result",
          callId: "t",
          parts: [
            { kind: "text", text: '{"a":1}' },
            { kind: "text", text: "b" },
          ],
        },
      ],
    ],
    ["empty reasoning, which says nothing", [{ reasoningContent: {} }], []],
    [
      "a blob that holds no text, as it is",
      [{ reasoningContent: { redactedContent: "AAEC" } }],
      [{ kind: "reasoning", text: "", encrypted: "blob:AAEC", origin: "bedrock-converse" }],
    ],
    [
      "a signature of Gemini's, with the call that it belongs to",
      [
        { reasoningContent: { reasoningText: { text: "", signature: "sluice:gemini-generate-content:g" } } },
        { toolUse: { toolUseId: "t", name: "f", input: {} } },
      ],
      [{ kind: "tool_call", id: "t", name: "f", arguments: "{}", signature: "g" }],
    ],
  ])("is %s", (_, content, expected) => {
    expect(parts(...content)).toEqual({ parts: expected, notes: [] });
  });

  test.each<readonly [JsonObject, readonly string[]]>([
    [{ guardContent: { text: { text: "a" } } }, ["messages[0].content[0].guardContent matters"]],
    [
      { citationsContent: { content: [{ text: "a" }], citations: [] } },
      ["messages[0].content[0].citationsContent.citations hint"],
    ],
    [{ brandNew: {} }, ["messages[0].content[0].brandNew matters"]],
    [{ cachePoint: { type: "default" } }, ["messages[0].content[0] hint"]],
    [{ image: { format: "png" } }, ["messages[0].content[0].image.source matters"]],
    [
      { document: { name: "a", format: "pdf", source: { bytes: "AA==" }, citations: { enabled: true } } },
      ["messages[0].content[0].document.citations matters"],
    ],
  ])("%j is noted", (block, expected) => {
    expect(parts(block).notes).toEqual(expected);
  });
});

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() !== "");
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const cache = fc.constantFrom({}, { cache: {} }, { cache: { ttl: "1h" as const } });
const base64 = (...mediaTypes: readonly string[]) =>
  fc.record({
    kind: fc.constant("base64" as const),
    mediaType: fc.constantFrom(...mediaTypes),
    data: fc.base64String({ minLength: 4, maxLength: 12 }),
  });
const text = fc.tuple(word, cache).map(([words, mark]): Part => ({ kind: "text", text: words, ...mark }));
const image = fc
  .tuple(base64("image/png", "image/jpeg", "image/gif", "image/webp"), cache)
  .map(([source, mark]): Part => ({ kind: "image", source, ...mark }));
const file = fc
  .tuple(base64("application/pdf", "text/csv"), fc.nat())
  .map(([source, n]): Part => ({ kind: "file", source, filename: `f${n}.${source.mediaType.slice(-3)}` }));
const audio = base64("audio/mpeg", "audio/wav").map((source): Part => ({ kind: "audio", source }));
const toolCall = fc
  .tuple(id, id, fc.dictionary(id, fc.jsonValue(), { maxKeys: 3 }), cache)
  .map(([callId, name, input, mark]): Part => {
    return { kind: "tool_call", id: callId, name, arguments: JSON.stringify(input), ...mark };
  });
const reasoning = fc
  .tuple(word, word)
  .map(
    ([words, signature]): Part => ({ kind: "reasoning", text: words, signature, origin: "bedrock-converse" }),
  );
const redacted = fc
  .stringMatching(/^[\w+/=]{1,20}$/)
  .map((encrypted): Part => ({ kind: "reasoning", text: "", encrypted, origin: "bedrock-converse" }));
const toolResult = fc
  .tuple(
    id,
    fc.array(
      fc.oneof(
        word.map((words): Part => ({ kind: "text", text: words })),
        file,
      ),
      { minLength: 1, maxLength: 2 },
    ),
    fc.boolean(),
  )
  .map(([callId, inside, isError]): Part => {
    return { kind: "tool_result", callId, parts: inside, ...(isError && { isError }) };
  });
const user = fc.array(fc.oneof(text, image, file, audio, toolResult), { minLength: 1, maxLength: 4 });
const assistant = fc.array(fc.oneof(text, reasoning, redacted, toolCall), { minLength: 1, maxLength: 4 });
const turns = fc
  .tuple(
    fc.option(fc.array(text, { minLength: 1, maxLength: 2 })),
    fc.array(fc.tuple(user, assistant), { minLength: 1, maxLength: 3 }),
  )
  .map(([system, said]): readonly Turn[] => [
    ...(system ? [{ role: "system", parts: system } as const] : []),
    ...said.flatMap(([asked, answered]): Turn[] => [
      { role: "user", parts: asked },
      { role: "assistant", parts: answered },
    ]),
  ]);
const tool = fc.tuple(id, fc.option(word), cache).map(([name, description, mark]): Tool => {
  return { name, ...(description !== null && { description }), parameters: { type: "object" }, ...mark };
});
const settings: fc.Arbitrary<Partial<Conversation>> = fc.record(
  {
    tools: fc.array(tool, { minLength: 1, maxLength: 3 }),
    toolChoice: fc.constantFrom(
      { kind: "auto" as const },
      { kind: "required" as const },
      { kind: "tool" as const, name: "f" },
    ),
    maxOutputTokens: fc.integer({ min: 1, max: 10_000 }),
    stop: fc.array(word, { maxLength: 2 }),
    sampling: fc.oneof(
      fc.record({ temperature: fc.constantFrom(0, 0.5, 1), topK: fc.nat(100) }, { requiredKeys: [] }),
      fc.record({ topP: fc.constantFrom(0.1, 1) }),
    ),
    outputFormat: fc.record({
      kind: fc.constant("json_schema" as const),
      name: id,
      schema: fc.dictionary(id, fc.jsonValue(), { maxKeys: 2 }),
    }),
    userId: id,
    serviceTier: fc.constantFrom("default", "flex", "priority"),
  },
  { requiredKeys: ["tools"] },
);

test("a conversation that Converse can say comes back as it was", () => {
  fc.assert(
    fc.property(turns, settings, (said, set) => {
      const conversation: Conversation = { ...MINIMAL, ...set, turns: distinctFiles(said) };
      const { note, notes } = createNotes();
      const body = bedrockConverse.writeRequest(conversation, note);
      const json = JSON.parse(JSON.stringify({ ...body, modelId: CLAUDE })) as JsonObject;
      expect(notes).toEqual([]);
      expect(bedrockConverse.readRequest(json, note)).toEqual(JSON.parse(JSON.stringify(conversation)));
      expect(notes).toEqual([]);
    }),
  );
});

/** Bedrock takes each name of a document once, so a second one is changed. */
function distinctFiles(said: readonly Turn[]): readonly Turn[] {
  let count = 0;
  const rename = (part: Part): Part => {
    if (part.kind === "tool_result") return { ...part, parts: part.parts.map(rename) };
    if (part.kind !== "file") return part;
    count += 1;
    return { ...part, filename: `${count}-${part.filename ?? ""}` };
  };
  return said.map((turn) => ({ ...turn, parts: turn.parts.map(rename) }));
}
