import { type Conversation, MalformedRequestError, type Unsupported } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geminiGenerateContent as gemini } from "../../../../packages/translate/src/gemini/index.ts";

function read(body: JsonObject) {
  const notes: Unsupported[] = [];
  const conversation = gemini.readRequest(body, (note) => notes.push(note));
  return { conversation, notes: notes.map(({ field, weight }) => [field, weight]) };
}

const contents = [{ role: "user", parts: [{ text: "Hi" }] }];

describe("the turns of a request", () => {
  test("are read in both spellings, with instructions in front", () => {
    const { conversation, notes } = read({
      system_instruction: { parts: [{ text: "Be brief" }] },
      contents: [
        { parts: [{ text: "Look" }, { inline_data: { mime_type: "image/png", data: "AA" } }] },
        { role: "model", parts: [{ text: "Hm", thought: true, thought_signature: "t" }, { text: "A cat" }] },
        { role: "user", parts: [{ fileData: { mimeType: "application/pdf", fileUri: "gs://b/a" } }] },
      ],
    });
    expect(conversation.turns).toEqual([
      { role: "system", parts: [{ kind: "text", text: "Be brief" }] },
      {
        role: "user",
        parts: [
          { kind: "text", text: "Look" },
          { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } },
        ],
      },
      {
        role: "assistant",
        parts: [
          { kind: "reasoning", text: "Hm", signature: "t", origin: "gemini-generate-content" },
          { kind: "text", text: "A cat" },
        ],
      },
      {
        role: "user",
        parts: [{ kind: "file", source: { kind: "url", url: "gs://b/a", mediaType: "application/pdf" } }],
      },
    ]);
    expect(notes).toEqual([]);
  });

  test("calls without ids are joined with their results by name and order", () => {
    const call = (name: string) => ({ functionCall: { name, args: {} } });
    const response = (name: string, output: string) => ({ functionResponse: { name, response: { output } } });
    const { conversation } = read({
      contents: [
        { role: "model", parts: [call("f"), call("g"), call("f")] },
        { role: "user", parts: [response("f", "1"), response("f", "3"), response("g", "2")] },
        { role: "model", parts: [call("f")] },
        { role: "function", parts: [response("f", "4")] },
      ],
    });
    const parts = conversation.turns.flatMap((turn) => turn.parts);
    const results = parts.flatMap((part) => (part.kind === "tool_result" ? [part.callId] : []));
    const [f1, g, f2, f3] = parts.flatMap((part) => (part.kind === "tool_call" ? [part.id] : []));
    expect(results).toEqual([f1, f2, g, f3]);
    expect(new Set([f1, g, f2, f3]).size).toBe(4);
  });

  test("another provider's reasoning, marked by us, finds its origin again", () => {
    const { conversation } = read({
      contents: [
        {
          role: "model",
          parts: [
            { text: "Hm", thought: true, thoughtSignature: "sluice:anthropic-messages:sig" },
            { text: "", thoughtSignature: "sluice:openai-responses:enc" },
          ],
        },
      ],
    });
    expect(conversation.turns[0]?.parts).toEqual([
      { kind: "reasoning", text: "Hm", signature: "sig", origin: "anthropic-messages" },
      { kind: "reasoning", text: "", encrypted: "enc", origin: "openai-responses" },
    ]);
  });

  test.each([
    ["no contents", {}, "contents"],
    ["an empty list", { contents: [] }, "contents"],
    ["a content that is text", { contents: ["Hi"] }, "contents[0]"],
    ["an unknown role", { contents: [{ role: "assistant", parts: [] }] }, "contents[0].role"],
    ["a part that is text", { contents: [{ parts: ["Hi"] }] }, "contents[0].parts[0]"],
    [
      "a call without a name",
      { contents: [{ role: "model", parts: [{ functionCall: {} }] }] },
      "contents[0].parts[0].functionCall.name",
    ],
    [
      "a result without a call",
      { contents: [{ parts: [{ functionResponse: { name: "f", response: {} } }] }] },
      "contents[0].parts[0].functionResponse",
    ],
    [
      "a function without a name",
      { contents, tools: [{ functionDeclarations: [{}] }] },
      "tools[0].functionDeclarations[0].name",
    ],
  ])("%s names the field at fault", (_, body, field) => {
    expect(() => read(body)).toThrow(MalformedRequestError);
    expect(() => read(body)).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe("the settings of a request", () => {
  test("are read; those that no other format has are noted", () => {
    const { conversation, notes } = read({
      contents,
      generationConfig: {
        temperature: 0.5,
        topK: 3,
        stop_sequences: ["x"],
        maxOutputTokens: 9,
        thinkingConfig: { thinkingLevel: "LOW", includeThoughts: true },
        responseModalities: ["TEXT"],
        speechConfig: {},
      },
      safetySettings: [],
      cachedContent: "cachedContents/1",
      aFieldOfTomorrow: 1,
    });
    expect(conversation).toMatchObject({
      sampling: { temperature: 0.5, topK: 3 },
      stop: ["x"],
      maxOutputTokens: 9,
      reasoning: { effort: "low", summary: "auto" },
    });
    expect(notes).toEqual([
      ["safetySettings", "hint"],
      ["cachedContent", "matters"],
      ["aFieldOfTomorrow", "matters"],
      ["generationConfig.speechConfig", "matters"],
    ]);
  });

  test("Google's dialect of schemas becomes JSON Schema, with the names of properties as they are", () => {
    const { conversation } = read({
      contents,
      tools: [
        {
          functionDeclarations: [
            {
              name: "f",
              parameters: {
                type: "OBJECT",
                properties: {
                  a_b: { type: "STRING", nullable: true, enum: ["x"] },
                  list: { type: "ARRAY", min_items: "1", items: { anyOf: [{ type: "INTEGER" }] } },
                },
                required: ["a_b"],
              },
            },
          ],
        },
        { googleSearch: {} },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      generationConfig: { responseMimeType: "application/json", responseSchema: { type: "STRING" } },
    });
    expect(conversation.tools).toEqual([
      {
        name: "f",
        parameters: {
          type: "object",
          properties: {
            a_b: { type: ["string", "null"], enum: ["x", null] },
            list: { type: "array", minItems: 1, items: { anyOf: [{ type: "integer" }] } },
          },
          required: ["a_b"],
        },
      },
    ]);
    expect(conversation.toolChoice).toEqual({ kind: "tool", name: "f" });
    expect(conversation.outputFormat).toEqual({ kind: "json_schema", schema: { type: "string" } });
  });
});

describe("a request that is read and written again", () => {
  const words = fc.string({ minLength: 1 });
  const signature = fc.option(fc.base64String({ minLength: 4 }), { nil: undefined });
  const media = fc.constantFrom(
    { inlineData: { mimeType: "image/png", data: "AAAA" } },
    { fileData: { mimeType: "application/pdf", fileUri: "gs://b/a.pdf" } },
    { fileData: { fileUri: "https://a.example/x" } },
  );
  const json = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
    noNullPrototype: true,
  });
  const signed = (part: object, mark: string | undefined) => ({
    ...part,
    ...(mark !== undefined && { thoughtSignature: mark }),
  });
  const userParts = fc.array(
    fc.oneof(
      words.map((text) => ({ text })),
      media,
    ),
    { minLength: 1 },
  );
  const round = fc.record({ user: userParts, thought: words, mark: signature, args: json, output: words });

  /** A turn of the user's, a thought, a text and a call, and the call's result. */
  const contentsOf = (rounds: readonly (typeof round extends fc.Arbitrary<infer R> ? R : never)[]) =>
    rounds.flatMap(({ user, thought, mark, args, output }, at) => [
      { role: "user", parts: at === 0 ? user : [result(at - 1, rounds[at - 1]?.output ?? output), ...user] },
      {
        role: "model",
        parts: [
          signed({ text: thought, thought: true }, mark),
          signed({ text: output }, mark),
          signed({ functionCall: { id: `c${at}`, name: "f", args } }, mark),
        ],
      },
    ]);
  const result = (at: number, output: string) => ({
    functionResponse: { id: `c${at}`, name: "f", response: { output } },
  });

  test("loses nothing that the format can say", () => {
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 3 }), words, (rounds, instruction) => {
        const body = {
          systemInstruction: { parts: [{ text: instruction }] },
          contents: contentsOf(rounds),
          tools: [{ functionDeclarations: [{ name: "f", parametersJsonSchema: { type: "object" } }] }],
          toolConfig: { functionCallingConfig: { mode: "AUTO" } },
          generationConfig: {
            temperature: 1,
            maxOutputTokens: 3,
            stopSequences: [instruction],
            responseMimeType: "application/json",
            responseJsonSchema: { type: "object" },
            thinkingConfig: { thinkingBudget: 512, includeThoughts: true },
          },
          serviceTier: "priority",
        };
        const notes: Unsupported[] = [];
        const note = (entry: Unsupported) => notes.push(entry);
        const read: Conversation = { ...gemini.readRequest(body, note), model: "gemini-2.5-flash" };
        expect(JSON.parse(JSON.stringify(gemini.writeRequest(read, note)))).toEqual(
          JSON.parse(JSON.stringify(body)),
        );
        expect(notes).toEqual([]);
      }),
    );
  });
});
