import type { Conversation, Part, Turn, Unsupported } from "@sluice/translate";
import { describe, expect, test } from "vitest";
import { geminiGenerateContent as gemini } from "../../../../packages/translate/src/gemini/index.ts";

/** A conversation with one word in it. */
function conversation(fields: Partial<Conversation> = {}): Conversation {
  return {
    model: "gemini-2.5-flash",
    turns: [said("user", { kind: "text", text: "Hi" })],
    tools: [],
    stop: [],
    sampling: {},
    stream: false,
    streamUsage: false,
    ...fields,
  };
}

function said(role: Turn["role"], ...parts: readonly Part[]): Turn {
  return { role, parts };
}

function write(fields: Partial<Conversation>) {
  const notes: Unsupported[] = [];
  const body = gemini.writeRequest(conversation(fields), (note) => notes.push(note));
  return { body, notes: notes.map(({ field, weight }) => [field, weight]) };
}

const hi = { role: "user", parts: [{ text: "Hi" }] };
const text = (words: string): Part => ({ kind: "text", text: words });
const call = (id: string, name: string, args: string, signature?: string): Part => ({
  kind: "tool_call",
  id,
  name,
  arguments: args,
  ...(signature !== undefined && { signature }),
});
const result = (callId: string, words: string, more: object = {}): Part => ({
  kind: "tool_result",
  callId,
  parts: [text(words)],
  ...more,
});

describe("what was said", () => {
  test("instructions go to the top in order, those from the middle with a note", () => {
    const turns = [
      said("system", text("A")),
      said("developer", text("B")),
      said("user", text("Hi")),
      said("system", text("C")),
    ];
    expect(write({ turns })).toEqual({
      body: { systemInstruction: { parts: [{ text: "A" }, { text: "B" }, { text: "C" }] }, contents: [hi] },
      notes: [["messages[3]", "hint"]],
    });
  });

  test("turns of one speaker that follow each other become one", () => {
    const turns = [said("user", text("a")), said("user", text("b")), said("assistant", text("c"))];
    expect(write({ turns }).body["contents"]).toEqual([
      { role: "user", parts: [{ text: "a" }, { text: "b" }] },
      { role: "model", parts: [{ text: "c" }] },
    ]);
  });

  test("parallel calls and their results keep ids, names and order", () => {
    const turns = [
      said("user", text("Hi")),
      said("assistant", call("1", "f", '{"a":1}', "s1"), call("2", "g", "{}")),
      said("user", result("2", "late"), result("1", '{"t": 5}')),
    ];
    expect(write({ turns, model: "gemini-3-flash-preview" }).body["contents"]).toEqual([
      hi,
      {
        role: "model",
        parts: [
          { functionCall: { id: "1", name: "f", args: { a: 1 } }, thoughtSignature: "s1" },
          { functionCall: { id: "2", name: "g", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "2", name: "g", response: { output: "late" } } },
          { functionResponse: { id: "1", name: "f", response: { t: 5 } } },
        ],
      },
    ]);
  });

  test.each([
    ["gemini-2.5-flash", undefined],
    ["gemini-3-pro-preview", "skip_thought_signature_validator"],
  ])("a call that another model made is marked so for %s: %s", (model, thoughtSignature) => {
    const turns = [said("assistant", call("1", "f", "{}"), call("2", "f", "{}"))];
    const functionCall = (id: string) => ({ functionCall: { id, name: "f", args: {} } });
    expect(write({ turns, model }).body["contents"]).toEqual([
      {
        role: "model",
        parts: [{ ...functionCall("1"), ...(thoughtSignature && { thoughtSignature }) }, functionCall("2")],
      },
    ]);
  });

  test.each([
    ["an error", result("1", "Boom", { isError: true }), { error: "Boom" }],
    ["text", result("1", "fine"), { output: "fine" }],
    [
      "digits that a number cannot hold",
      result("1", '{"id":12345678901234567890}'),
      { output: '{"id":12345678901234567890}' },
    ],
    ["an object that looks like the wrapping", result("1", '{"output":"x"}'), { output: '{"output":"x"}' }],
    ["a list", result("1", "[1]"), { output: "[1]" }],
  ])("a result that is %s is wrapped so that it can be read back", (_, part, response) => {
    const turns = [said("assistant", call("1", "f", "{}")), said("user", part)];
    expect(write({ turns }).body["contents"]).toMatchObject([
      {},
      { parts: [{ functionResponse: { id: "1", name: "f", response } }] },
    ]);
  });

  test("an image in a result stays in it for generation 3, and follows it before", () => {
    const image: Part = { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AA" } };
    const turns = [
      said("user", { kind: "tool_result", callId: "1", name: "f", parts: [text("see"), image] }),
    ];
    const inline = { inlineData: { mimeType: "image/png", data: "AA" } };
    const functionResponse = { id: "1", name: "f", response: { output: "see" } };
    expect(write({ turns, model: "gemini-3-pro" }).body["contents"]).toEqual([
      { role: "user", parts: [{ functionResponse: { ...functionResponse, parts: [inline] } }] },
    ]);
    expect(write({ turns }).body["contents"]).toEqual([
      { role: "user", parts: [{ functionResponse }, inline] },
    ]);
  });

  test("arguments that are no JSON object are sent as text, with a note", () => {
    const { body, notes } = write({ turns: [said("assistant", call("1", "f", "{oops"))] });
    expect(body["contents"]).toMatchObject([{ parts: [{ functionCall: { args: { arguments: "{oops" } } }] }]);
    expect(notes).toEqual([["messages[0].content[0].arguments", "hint"]]);
  });
});

describe("thinking of earlier turns", () => {
  const own = { kind: "reasoning", origin: "gemini-generate-content" } as const;

  test("thoughts go back signed; the signature of a text stands on it, wherever it came", () => {
    const turns = [
      said("assistant", { ...own, text: "Hm", signature: "t" }, text("a"), {
        ...own,
        text: "",
        encrypted: "x",
      }),
      said("user", text("Hi")),
      said("assistant", { ...own, text: "", encrypted: "y" }, text("b")),
      said("user", text("Hi")),
      said("assistant", { ...own, text: "", encrypted: "z" }),
    ];
    const model = (...parts: readonly object[]) => ({ role: "model", parts });
    expect(write({ turns }).body["contents"]).toEqual([
      model({ text: "Hm", thought: true, thoughtSignature: "t" }, { text: "a", thoughtSignature: "x" }),
      hi,
      model({ text: "b", thoughtSignature: "y" }),
      hi,
      model({ text: "", thoughtSignature: "z" }),
    ]);
  });

  test("a signature that came apart from its call, under the call's id, stands on it again", () => {
    const turns = [said("assistant", { ...own, text: "", encrypted: "s", id: "1" }, call("1", "f", "{}"))];
    expect(write({ turns, model: "gemini-3-pro" }).body["contents"]).toMatchObject([
      { parts: [{ functionCall: { id: "1" }, thoughtSignature: "s" }] },
    ]);
  });

  test("another provider's is left out, with a hint", () => {
    const foreign: Part = { kind: "reasoning", text: "Hm", signature: "s", origin: "anthropic-messages" };
    const { body, notes } = write({ turns: [said("assistant", foreign, text("a"))] });
    expect(body["contents"]).toEqual([{ role: "model", parts: [{ text: "a" }] }]);
    expect(notes).toEqual([["messages[0].content[0]", "hint"]]);
  });
});

describe("images, files and sound", () => {
  test.each([
    [
      "base64",
      { kind: "base64", mediaType: "image/png", data: "AA" },
      { inlineData: { mimeType: "image/png", data: "AA" } },
    ],
    [
      "a URL",
      { kind: "url", url: "https://a.example/cat.JPG?x=1" },
      { fileData: { mimeType: "image/jpeg", fileUri: "https://a.example/cat.JPG?x=1" } },
    ],
    [
      "a URL without an ending",
      { kind: "url", url: "https://a.example/cat" },
      { fileData: { fileUri: "https://a.example/cat" } },
    ],
    [
      "Cloud Storage",
      { kind: "url", url: "gs://b/a.pdf", mediaType: "application/pdf" },
      { fileData: { mimeType: "application/pdf", fileUri: "gs://b/a.pdf" } },
    ],
    [
      "text",
      { kind: "text", mediaType: "text/plain", text: "ä" },
      { inlineData: { mimeType: "text/plain", data: "w6Q=" } },
    ],
    [
      "an uploaded file of Google's",
      { kind: "file_id", id: "files/abc" },
      { fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/abc" } },
    ],
  ] as const)("%s is sent", (_, source, part) => {
    const { body, notes } = write({ turns: [said("user", { kind: "file", source })] });
    expect(body["contents"]).toEqual([{ role: "user", parts: [part] }]);
    expect(notes).toEqual([]);
  });

  test.each([
    ["another provider's file", { kind: "file_id", id: "file-abc" }],
    ["a URL that Google cannot fetch", { kind: "url", url: "s3://bucket/key" }],
  ] as const)("%s is noted", (_, source) => {
    const { body, notes } = write({ turns: [said("user", text("Hi"), { kind: "image", source })] });
    expect(body["contents"]).toEqual([hi]);
    expect(notes).toEqual([["messages[0].content[1]", "matters"]]);
  });
});

describe("settings", () => {
  test("sampling, stop, length and JSON output have their places", () => {
    const schema = {
      type: "object",
      properties: { a: { type: ["string", "null"] } },
      additionalProperties: false,
    };
    const { body, notes } = write({
      maxOutputTokens: 10,
      stop: ["x"],
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 3,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        seed: 7,
        choices: 1,
      },
      outputFormat: { kind: "json_schema", name: "n", schema, strict: true },
      serviceTier: "flex",
    });
    expect(body).toEqual({
      contents: [hi],
      generationConfig: {
        temperature: 0,
        topP: 0.5,
        topK: 3,
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
        seed: 7,
        maxOutputTokens: 10,
        stopSequences: ["x"],
        responseMimeType: "application/json",
        responseJsonSchema: { title: "n", ...schema },
      },
      serviceTier: "flex",
    });
    expect(notes).toEqual([]);
  });

  test("what Gemini cannot say is noted by the field's usual name", () => {
    const tool = { name: "f", parameters: {}, strict: true, cache: {} };
    const { notes } = write({
      tools: [tool],
      parallelToolCalls: false,
      sampling: { logitBias: { 1: 2 }, logprobs: true, choices: 2 },
      userId: "u",
      serviceTier: "scale",
      turns: [{ role: "user", name: "Ann", parts: [{ kind: "text", text: "Hi", cache: { ttl: "1h" } }] }],
    });
    expect(notes.map((entry) => entry.join(": ")).toSorted()).toEqual([
      "logit_bias: matters",
      "logprobs: matters",
      "messages[0].content[0].cache_control: hint",
      "messages[0].name: hint",
      "n: matters",
      "parallel_tool_calls: matters",
      "service_tier: hint",
      "tools[0].cache_control: hint",
      "tools[0].strict: hint",
      "user: hint",
    ]);
  });

  test.each([
    [{ kind: "auto" }, { mode: "AUTO" }],
    [{ kind: "none" }, { mode: "NONE" }],
    [{ kind: "required" }, { mode: "ANY" }],
    [
      { kind: "tool", name: "f" },
      { mode: "ANY", allowedFunctionNames: ["f"] },
    ],
  ] as const)(
    "the tool choice %j is %j; parameters stay JSON Schema",
    (toolChoice, functionCallingConfig) => {
      const parameters = {
        type: "object",
        properties: { a: { $ref: "#/$defs/A" } },
        $defs: { A: { type: "string" } },
      };
      const { body } = write({ tools: [{ name: "f", description: "d", parameters }], toolChoice });
      expect(body["tools"]).toEqual([
        { functionDeclarations: [{ name: "f", description: "d", parametersJsonSchema: parameters }] },
      ]);
      expect(body["toolConfig"]).toEqual({ functionCallingConfig });
    },
  );

  test.each([
    ["gemini-2.5-flash", { effort: "low" }, { thinkingBudget: 2048, includeThoughts: true }],
    ["gemini-2.5-flash", { effort: "none" }, { thinkingBudget: 0 }],
    ["gemini-2.5-pro", { effort: "none" }, { thinkingBudget: 128 }],
    ["gemini-2.5-flash", { effort: "xhigh" }, { thinkingBudget: 24_576, includeThoughts: true }],
    ["gemini-2.5-pro", { budgetTokens: 5000 }, { thinkingBudget: 5000, includeThoughts: true }],
    ["gemini-2.5-pro", { adaptive: true }, { thinkingBudget: -1, includeThoughts: true }],
    ["gemini-3-flash-preview", { adaptive: true, summary: "omitted" }, undefined],
    ["gemini-3-flash-preview", { effort: "minimal" }, { thinkingLevel: "MINIMAL", includeThoughts: true }],
    ["gemini-3-pro-preview", { effort: "minimal" }, { thinkingLevel: "LOW", includeThoughts: true }],
    ["gemini-3-pro-preview", { effort: "medium" }, { thinkingLevel: "HIGH", includeThoughts: true }],
    ["gemini-3.1-pro", { effort: "medium" }, { thinkingLevel: "MEDIUM", includeThoughts: true }],
    ["gemini-3-pro", { budgetTokens: 2000, summary: "none" }, { thinkingLevel: "LOW" }],
    ["gemini-3-flash", { effort: "none" }, { thinkingLevel: "MINIMAL" }],
  ] as const)("for %s, thinking of %j is %j", (model, reasoning, thinkingConfig) => {
    const { body } = write({ model, reasoning });
    expect(body["generationConfig"]).toEqual(thinkingConfig && { thinkingConfig });
  });
});
