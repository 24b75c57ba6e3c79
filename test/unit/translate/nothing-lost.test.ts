/** What a caller says reaches the provider, or the caller is told that it does not: never neither. */
import { type Conversation, type ConversationFormat, type Part, translate } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { createIds, MODELS, PAIRS, readJson, requestOf, TRANSLATORS } from "./provider.ts";

const PLAIN: Conversation = {
  model: "alias",
  turns: [{ role: "user", parts: [{ kind: "text", text: "Hello" }] }],
  tools: [],
  stop: [],
  sampling: {},
  maxOutputTokens: 40_000,
  stream: false,
  streamUsage: true,
};

const TOOL = { name: "weather", description: "The weather.", parameters: { type: "object", properties: {} } };
const PNG = { kind: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } as const;
const PDF = { kind: "base64", mediaType: "application/pdf", data: "JVBERi0xLjQ=" } as const;

function withParts(...parts: readonly Part[]): Partial<Conversation> {
  return { turns: [{ role: "user", parts: [{ kind: "text", text: "See:" }, ...parts] }] };
}

function afterCall(
  result: Omit<Part & { kind: "tool_result" }, "kind" | "callId" | "name">,
): Partial<Conversation> {
  const call = { kind: "tool_call", id: "call_1", name: "weather", arguments: "{}" } as const;
  return {
    tools: [TOOL],
    turns: [
      { role: "user", parts: [{ kind: "text", text: "Hello" }] },
      { role: "assistant", parts: [call] },
      { role: "user", parts: [{ kind: "tool_result", callId: "call_1", name: "weather", ...result }] },
    ],
  };
}

/** Each thing that a conversation can say, and where it stands when it has been read. */
const FEATURES: Readonly<
  Record<string, readonly [Partial<Conversation>, (conversation: Conversation) => unknown]>
> = {
  "a limit": [{}, ({ maxOutputTokens }) => maxOutputTokens],
  "stop sequences": [{ stop: ["END", "STOP"] }, ({ stop }) => (stop.length > 0 ? stop : undefined)],
  temperature: [{ sampling: { temperature: 0.5 } }, ({ sampling }) => sampling.temperature],
  "top p": [{ sampling: { topP: 0.5 } }, ({ sampling }) => sampling.topP],
  "top k": [{ sampling: { topK: 5 } }, ({ sampling }) => sampling.topK],
  "a frequency penalty": [
    { sampling: { frequencyPenalty: 0.5 } },
    ({ sampling }) => sampling.frequencyPenalty,
  ],
  "a presence penalty": [{ sampling: { presencePenalty: 0.5 } }, ({ sampling }) => sampling.presencePenalty],
  "a seed": [{ sampling: { seed: 5 } }, ({ sampling }) => sampling.seed],
  "several choices": [{ sampling: { choices: 2 } }, ({ sampling }) => sampling.choices],
  "a logit bias": [{ sampling: { logitBias: { "5": 1 } } }, ({ sampling }) => sampling.logitBias],
  "log probabilities": [
    { sampling: { logprobs: true, topLogprobs: 2 } },
    ({ sampling }) => sampling.topLogprobs,
  ],
  "an effort": [{ reasoning: { effort: "high" } }, ({ reasoning }) => reasoning],
  "a budget": [{ reasoning: { budgetTokens: 8192 } }, ({ reasoning }) => reasoning],
  "JSON output": [{ outputFormat: { kind: "json" } }, ({ outputFormat }) => outputFormat?.kind],
  "no tool": [
    { tools: [TOOL], toolChoice: { kind: "none" } },
    // Converse has no word for it: there the tools are left out.
    ({ toolChoice, tools }) => toolChoice?.kind ?? (tools.length === 0 ? "none" : undefined),
  ],
  "one call at a time": [
    { tools: [TOOL], parallelToolCalls: false },
    ({ parallelToolCalls }) => parallelToolCalls,
  ],
  "a strict tool": [{ tools: [{ ...TOOL, strict: true }] }, ({ tools }) => tools[0]?.strict],
  "the end user": [{ userId: "user-1" }, ({ userId }) => userId],
  "a service tier": [{ serviceTier: "flex" }, ({ serviceTier }) => serviceTier],
  verbosity: [{ openAi: { verbosity: "low" } }, ({ openAi }) => openAi?.verbosity],
  metadata: [{ openAi: { metadata: { a: "b" } } }, ({ openAi }) => openAi?.metadata],
  "a PDF": [
    withParts({ kind: "file", source: PDF, filename: "report.pdf" }),
    ({ turns }) => turns[0]?.parts.find(({ kind }) => kind === "file")?.kind,
  ],
  "an image by its URL": [
    withParts({ kind: "image", source: { kind: "url", url: "https://example.org/a.png" } }),
    ({ turns }) => turns[0]?.parts.find(({ kind }) => kind === "image")?.kind,
  ],
  "an image by its id": [
    withParts({ kind: "image", source: { kind: "file_id", id: "file-1" } }),
    ({ turns }) => turns[0]?.parts.find(({ kind }) => kind === "image")?.kind,
  ],
  sound: [
    withParts({ kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "UklGRg==" } }),
    ({ turns }) => turns[0]?.parts.find(({ kind }) => kind === "audio")?.kind,
  ],
  "a cache mark": [
    withParts({ kind: "text", text: "long", cache: {} }),
    ({ turns }) => turns[0]?.parts.some((part) => "cache" in part && part.cache) || undefined,
  ],
  "a cached tool": [
    { tools: [{ ...TOOL, cache: {} }] },
    ({ tools }) => tools.some(({ cache }) => cache) || undefined,
  ],
  "a failed tool": [
    afterCall({ parts: [{ kind: "text", text: "no such city" }], isError: true }),
    ({ turns }) =>
      turns.flatMap(({ parts }) => parts).some((part) => part.kind === "tool_result" && part.isError) ||
      undefined,
  ],
  "an image as a result": [
    afterCall({ parts: [{ kind: "image", source: PNG }] }),
    ({ turns }) => (JSON.stringify(turns).includes(PNG.data) ? "kept" : undefined),
  ],
  "instructions in the middle": [
    {
      turns: [
        { role: "user", parts: [{ kind: "text", text: "Hello" }] },
        { role: "assistant", parts: [{ kind: "text", text: "Hi" }] },
        { role: "system", parts: [{ kind: "text", text: "Be brief." }] },
        { role: "user", parts: [{ kind: "text", text: "Go on" }] },
      ],
    },
    ({ turns }) => (JSON.stringify(turns).includes("Be brief.") ? "kept" : undefined),
  ],
};

const combinations = PAIRS.flatMap(({ from, to }) =>
  Object.entries(FEATURES).flatMap(([what, [fields, find]]) => {
    const body = requestOf(from, { ...PLAIN, ...fields });
    const said = find(TRANSLATORS[from].readRequest(body, () => {}));
    // What the caller's own format cannot say, nobody loses.
    return said === undefined ? [] : [{ from, to, what, body, find }];
  }),
);

test.each(combinations)("$what, from $from to $to", async ({ from, to, body, find }) => {
  const { body: sent, unsupported } = await ask(from, to, body);
  const arrived = find(TRANSLATORS[to].readRequest(readJson(sent), () => {}));
  expect(arrived !== undefined || unsupported.length > 0).toBe(true);
});

describe("thinking comes back to the provider that signed it", () => {
  test.each(PAIRS)("$to, through a caller of $from", async ({ from, to }) => {
    const first = requestOf(from, { ...PLAIN, tools: [TOOL] });
    // OpenAI's own chat completions hide all thinking; OpenRouter passes Claude's on, signed.
    const claude = to === "openai-chat";
    const model = claude ? "anthropic/claude-opus-4.5" : MODELS[to];
    const translation = await ask(from, to, first, model);
    const sealed =
      to === "openai-responses" ? { encrypted: SIGNATURE, id: "rs_1" } : { signature: SIGNATURE };
    const answer = TRANSLATORS[to].writeAnswer(
      {
        id: "answer-1",
        model: MODELS[to],
        blocks: [
          { kind: "reasoning", text: "Hm.", origin: claude ? "anthropic-messages" : to, ...sealed },
          { kind: "tool_call", id: "call_1", name: "weather", arguments: "{}" },
        ],
        finish: { reason: "tool_calls" },
      },
      CONTEXT,
    );
    const told = readJson(translation.answer(Buffer.from(JSON.stringify(answer))));
    const next = { ...first, ...continued(from, first, told) };
    const { body } = await ask(from, to, readJson(Buffer.from(JSON.stringify(next))), model);
    expect(body.toString("utf8")).toContain(SIGNATURE);
    // The prefix that tells where a signature belongs is for callers only.
    expect(body.toString("utf8")).not.toContain("sluice:");
  });
});

const SIGNATURE = "EqQBCkYIARgCKkDsignature";

const CONTEXT = {
  model: "alias",
  newId: createIds(),
  nowS: 1,
  request: {},
  conversation: PLAIN,
};

/** The next request of a caller that appends the answer as it came, and its tool's result. */
function continued(format: ConversationFormat, request: JsonObject, answer: JsonObject): JsonObject {
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
    path.reduce<unknown>(
      (inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key],
      value,
    );
  switch (format) {
    case "openai-chat": {
      const message = at(answer, "choices", 0, "message");
      const id = at(message, "tool_calls", 0, "id");
      return {
        messages: [
          ...list(request["messages"]),
          message,
          { role: "tool", tool_call_id: id, content: "Sun." },
        ],
      };
    }
    case "openai-responses": {
      const output = list(answer["output"]);
      const call = output.find((item) => at(item, "type") === "function_call");
      const input = request["input"];
      return {
        input: [
          ...(typeof input === "string" ? [{ role: "user", content: input }] : list(input)),
          ...output,
          { type: "function_call_output", call_id: at(call, "call_id"), output: "Sun." },
        ],
      };
    }
    case "anthropic-messages": {
      const content = list(answer["content"]);
      const call = content.find((block) => at(block, "type") === "tool_use");
      const result = { type: "tool_result", tool_use_id: at(call, "id"), content: "Sun." };
      return {
        messages: [
          ...list(request["messages"]),
          { role: "assistant", content },
          { role: "user", content: [result] },
        ],
      };
    }
    case "bedrock-converse": {
      const message = at(answer, "output", "message");
      const call = list(at(message, "content")).find((block) => at(block, "toolUse"));
      const result = { toolUseId: at(call, "toolUse", "toolUseId"), content: [{ text: "Sun." }] };
      return {
        messages: [
          ...list(request["messages"]),
          message,
          { role: "user", content: [{ toolResult: result }] },
        ],
      };
    }
    case "gemini-generate-content":
    default: {
      const content = at(answer, "candidates", 0, "content");
      const result = { functionResponse: { name: "weather", response: { output: "Sun." } } };
      return { contents: [...list(request["contents"]), content, { role: "user", parts: [result] }] };
    }
  }
}

function ask(from: ConversationFormat, to: ConversationFormat, body: JsonObject, model = MODELS[to]) {
  return translate({
    from,
    to,
    body,
    model,
    callerModel: "alias",
    streaming: false,
    newId: createIds(),
    nowS: 1,
  });
}
