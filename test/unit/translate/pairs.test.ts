import "../../support/property-seed.ts";
import {
  answerEvents,
  type Conversation,
  type ConversationFormat,
  foldEvents,
  type ModelAnswer,
  type Part,
  type Translation,
  type Turn,
  translate,
  type Unsupported,
} from "@sluice/translate";
import { asText, createSseReader, type JsonObject, parseJson } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atRandomOffsets } from "../../support/delivery.ts";
import {
  answerBody,
  answerStream,
  createIds,
  MODELS,
  PAIRS,
  readJson,
  requestOf,
  streamOf,
  TRANSLATORS,
} from "./provider.ts";

function translated(
  from: ConversationFormat,
  to: ConversationFormat,
  body: JsonObject,
  streaming = false,
): Promise<Translation> {
  return translate({
    from,
    to,
    body,
    model: MODELS[to],
    callerModel: "alias",
    streaming,
    newId: createIds(),
    nowS: 1_700_000_000,
  });
}

function read(format: ConversationFormat, body: JsonObject): Conversation {
  return TRANSLATORS[format].readRequest(body, () => {});
}

function mattering(unsupported: readonly Unsupported[]): readonly string[] {
  return unsupported.filter(({ weight }) => weight === "matters").map(({ field }) => field);
}

/**
 * A conversation in one way of saying it: call ids by their order, since Gemini has none; arguments as values; what says
 * nothing left out.
 */
function said({ turns, tools, stop, sampling, ...rest }: Conversation): object {
  const ids = new Map<string, number>();
  const idOf = (id: string) => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return ids.get(id);
  };
  const saidPart = (part: Part): object => {
    if (part.kind === "tool_call") {
      return { call: idOf(part.id), name: part.name, arguments: parseJson(part.arguments) };
    }
    if (part.kind === "tool_result") {
      return { result: idOf(part.callId), parts: part.parts.map(saidPart) };
    }
    if (part.kind === "image") return { image: part.source };
    return part.kind === "text" ? { text: part.text } : part;
  };
  return {
    turns: turns.map(({ role, parts }) => ({
      role: role === "developer" ? "system" : role,
      parts: parts.map(saidPart),
    })),
    tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    toolChoice: rest.toolChoice,
    maxOutputTokens: rest.maxOutputTokens,
    stop,
    sampling,
    outputFormat: rest.outputFormat?.kind === "json_schema" ? rest.outputFormat.schema : rest.outputFormat,
  };
}

const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};

const word = fc.stringMatching(/^[a-zA-Zäöü0-9.,?!-]{1,12}( [a-zäöü]{1,8}){0,3}$/);
const text = word.map((said): Part => ({ kind: "text", text: said }));
const image = fc.uint8Array({ minLength: 3, maxLength: 12 }).map(
  (bytes): Part => ({
    kind: "image",
    source: { kind: "base64", mediaType: "image/png", data: Buffer.from(bytes).toString("base64") },
  }),
);
const call = fc.record({
  id: fc.uuid().map((id) => `call_${id.replaceAll("-", "")}`),
  name: fc.constantFrom("weather", "clock"),
  input: fc.record({ city: word, days: fc.nat(9) }),
});

/** A question and its answer, which may call tools; then their results, all at once, and the next words. */
const exchange = fc
  .record({
    question: fc.tuple(text, fc.option(image)),
    answer: text,
    calls: fc.array(call, { maxLength: 3 }),
    results: fc.array(text, { minLength: 3, maxLength: 3 }),
  })
  .map(({ question: [asked, shown], answer, calls, results }): Turn[] => [
    { role: "user", parts: shown ? [asked, shown] : [asked] },
    {
      role: "assistant",
      parts: [
        answer,
        ...calls.map(
          ({ id, name, input }): Part => ({ kind: "tool_call", id, name, arguments: JSON.stringify(input) }),
        ),
      ],
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: "user",
            parts: calls.map(
              ({ id, name }, at): Part => ({
                kind: "tool_result",
                callId: id,
                name,
                parts: results.slice(at, at + 1),
              }),
            ),
          } as const,
          { role: "assistant", parts: [answer] } as const,
        ]),
  ]);

const tools = [
  { name: "weather", description: "The weather.", parameters: SCHEMA },
  { name: "clock", description: "The time.", parameters: SCHEMA },
];

const conversation = fc
  .record(
    {
      system: text,
      exchanges: fc.array(exchange, { maxLength: 3 }),
      last: text,
      toolChoice: fc.constantFrom(
        { kind: "auto" } as const,
        { kind: "required" } as const,
        { kind: "tool", name: "clock" } as const,
      ),
      maxOutputTokens: fc.integer({ min: 100, max: 4000 }),
      temperature: fc.integer({ min: 0, max: 4 }).map((quarter) => quarter / 4),
    },
    { requiredKeys: ["exchanges", "last"] },
  )
  .map(
    ({ system, exchanges, last, toolChoice, maxOutputTokens, temperature }): Conversation => ({
      model: "alias",
      turns: [
        ...(system ? [{ role: "system", parts: [system] } as const] : []),
        ...exchanges.flat(),
        { role: "user", parts: [last] },
      ],
      tools,
      ...(toolChoice && { toolChoice }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      stop: [],
      sampling: temperature === undefined ? {} : { temperature },
      stream: false,
      streamUsage: false,
    }),
  );

describe.each(PAIRS)("a request of $from for a provider of $to", ({ from, to }) => {
  test("comes back whole", async () => {
    await fc.assert(
      fc.asyncProperty(conversation, async (given) => {
        const body = requestOf(from, given);
        const there = await translated(from, to, body);
        const back = await translated(to, from, readJson(there.body));
        const expected = said(read(from, body));
        expect(mattering([...there.unsupported, ...back.unsupported])).toEqual([]);
        // Only Anthropic demands a limit, so there it is made up.
        const limit = given.maxOutputTokens === undefined ? { maxOutputTokens: undefined } : {};
        expect({ ...said(read(from, readJson(back.body))), ...limit }).toEqual({ ...expected, ...limit });
      }),
      { numRuns: 40 },
    );
  });

  test("keeps a demanded schema", async () => {
    const body = requestOf(from, {
      ...PLAIN,
      outputFormat: { kind: "json_schema", name: "weather", schema: SCHEMA, strict: true },
    });
    const there = await translated(from, to, body);
    expect(mattering(there.unsupported)).toEqual([]);
    expect(read(to, readJson(there.body)).outputFormat).toMatchObject({
      kind: "json_schema",
      schema: SCHEMA,
    });
  });

  test("says what cannot be carried, or carries it", async () => {
    const unknown = { ...requestOf(from, PLAIN), frobnicate: { depth: 3 } };
    const there = await translated(from, to, unknown);
    expect(mattering(there.unsupported)).toEqual(["frobnicate"]);
  });

  test("names the provider's model, and never the caller's alias", async () => {
    const there = await translated(from, to, { ...requestOf(from, PLAIN), model: "alias" });
    expect(there.body.toString("utf8")).not.toContain("alias");
    expect(asText(readJson(there.body)["model"]) ?? MODELS[to]).toBe(MODELS[to]);
  });
});

const PLAIN: Conversation = {
  model: "alias",
  turns: [{ role: "user", parts: [{ kind: "text", text: "Hello" }] }],
  tools: [],
  stop: [],
  sampling: {},
  maxOutputTokens: 100,
  stream: false,
  streamUsage: true,
};

/** Answers by what is special about them. */
const ANSWERS: Readonly<Record<string, (origin: ConversationFormat) => Omit<ModelAnswer, "id" | "model">>> = {
  text: () => ({ blocks: [{ kind: "text", text: "Grüße 👋\u2028aus Zürich" }], finish: { reason: "stop" } }),
  "parallel tools": () => ({
    blocks: [
      { kind: "text", text: "Let me look." },
      { kind: "tool_call", id: "call_1", name: "weather", arguments: '{"city":"Oslo"}' },
      { kind: "tool_call", id: "call_2", name: "weather", arguments: '{"city":"Bern"}' },
    ],
    finish: { reason: "tool_calls" },
  }),
  "a tool without arguments": () => ({
    blocks: [{ kind: "tool_call", id: "call_1", name: "clock", arguments: "{}" }],
    finish: { reason: "tool_calls" },
  }),
  thinking: (origin) => ({
    blocks: [
      { kind: "reasoning", text: "Hm.", signature: "c2lnbmF0dXJl", origin },
      { kind: "text", text: "Yes." },
    ],
    finish: { reason: "stop" },
  }),
  "nothing but its end": () => ({ blocks: [], finish: { reason: "stop" } }),
  "the limit": () => ({ blocks: [{ kind: "text", text: "And th" }], finish: { reason: "length" } }),
  "a filter": () => ({ blocks: [{ kind: "text", text: "I" }], finish: { reason: "content_filter" } }),
  "cached tokens": () => ({
    blocks: [{ kind: "text", text: "Yes." }],
    finish: { reason: "stop" },
    usage: { inputTokens: 50, cacheReadTokens: 20, outputTokens: 7, totalTokens: 57 },
  }),
};

const answered = PAIRS.flatMap(({ from, to }) =>
  Object.entries(ANSWERS).map(([what, make]) => ({ from, to, what, make })),
);

/** What of an answer every format can say. */
function told(answer: ModelAnswer | undefined): object {
  const blocks = answer?.blocks ?? [];
  return {
    model: answer?.model,
    text: blocks.map((block) => (block.kind === "text" ? block.text : "")).join(""),
    thought: blocks.map((block) => (block.kind === "reasoning" ? block.text : "")).join(""),
    calls: blocks.flatMap((block) =>
      block.kind === "tool_call" ? [[block.name, parseJson(block.arguments)]] : [],
    ),
    // Anthropic has one word for both.
    finish: answer?.finish?.reason === "content_filter" ? "refusal" : answer?.finish?.reason,
    input: answer?.usage?.inputTokens ?? 0,
    cached: answer?.usage?.cacheReadTokens ?? 0,
    output: answer?.usage?.outputTokens ?? 0,
  };
}

function readStream(format: ConversationFormat, bytes: Buffer): ModelAnswer | undefined {
  const reader = TRANSLATORS[format].createStreamReader();
  const events = createSseReader()
    .feed(bytes)
    .flatMap(({ type, data }) => reader.read({ type: type === "message" ? "" : type, data }));
  return foldEvents([...events, ...reader.end()]);
}

test.each(answered)("an answer with $what, of $to for a caller of $from", async ({ from, to, make }) => {
  // Converse names neither: the caller gets the name that it asked for.
  const named = to === "bedrock-converse" ? {} : { id: "answer-1", model: MODELS[to] };
  const given: ModelAnswer = { ...make(to), ...named };
  const whole = (await translated(from, to, requestOf(from, PLAIN))).answer(answerBody(to, given));
  const stream = (await translated(from, to, requestOf(from, { ...PLAIN, stream: true }), true)).stream();
  const pieces = atRandomOffsets(answerStream(to, given), 5).flatMap((piece) => stream.push(piece));
  const { pieces: last, broken } = stream.end();
  const streamed = readStream(from, Buffer.concat([...pieces, ...last]));
  const expected = told({ model: "alias", ...given });
  expect(broken).toBe(false);
  expect(told(TRANSLATORS[from].readAnswer(readJson(whole)))).toEqual(expected);
  expect(told(streamed)).toEqual(expected);
});

describe.each(PAIRS)("a stream of $to for a caller of $from", ({ from, to }) => {
  const begin = answerEvents({
    id: "answer-1",
    model: MODELS[to],
    blocks: [{ kind: "text", text: "Let me" }],
  }).filter(({ kind }) => kind !== "end" && kind !== "block_end");

  async function open() {
    return (await translated(from, to, requestOf(from, PLAIN), true)).stream();
  }

  test("that breaks off is told as broken, and nothing that looks like a clean end is written", async () => {
    const stream = await open();
    const pieces = [...stream.push(streamOf(to, begin))];
    const end = stream.end();
    expect(end.broken).toBe(true);
    expect(readStream(from, Buffer.concat([...pieces, ...end.pieces]))).toBeUndefined();
  });

  test("that breaks off can be told of by an error of the gateway's own, which is the last event", async () => {
    const stream = await open();
    stream.push(streamOf(to, begin));
    stream.end();
    const error = { message: "The provider broke off.", status: 502 };
    expect(Buffer.concat(stream.fail(error)).toString("utf8")).toContain("The provider broke off.");
    expect(stream.fail(error)).toEqual([]);
    expect(stream.push(streamOf(to, begin))).toEqual([]);
  });

  test("that fails in the middle ends with the error, in the caller's words", async () => {
    const stream = await open();
    const error = { message: "Too busy.", status: 429 };
    const pieces = [...stream.push(streamOf(to, [...begin, { kind: "error", error }]))];
    expect(stream.end()).toEqual({ pieces: [], broken: false });
    expect(Buffer.concat(pieces).toString("utf8")).toContain("Too busy.");
    expect(readStream(from, Buffer.concat(pieces))).toBeUndefined();
  });

  test("that came as one JSON body is a stream all the same", async () => {
    const stream = await open();
    const given: ModelAnswer = { ...ANSWERS["parallel tools"]?.(to), blocks: [], model: MODELS[to] };
    const body = answerBody(to, { ...given, blocks: [{ kind: "text", text: "Whole." }] });
    const pieces = atRandomOffsets(body, 2).flatMap((piece) => stream.push(piece));
    const { pieces: last, broken } = stream.end();
    expect(broken).toBe(false);
    expect(readStream(from, Buffer.concat([...pieces, ...last]))).toMatchObject({
      blocks: [{ kind: "text", text: "Whole." }],
    });
  });

  test("that came unasked is a whole answer", async () => {
    const translation = await translated(from, to, requestOf(from, PLAIN));
    const body = answerStream(to, { blocks: [{ kind: "text", text: "Whole." }], finish: { reason: "stop" } });
    expect(TRANSLATORS[from].readAnswer(readJson(translation.answer(body)))).toMatchObject({
      blocks: [{ kind: "text", text: "Whole." }],
    });
  });

  test.each(["", "{}", "<html>Bad gateway</html>", '{"error":{"message":"Under a good status."}}'])(
    "%j is no answer",
    async (body) => {
      const translation = await translated(from, to, requestOf(from, PLAIN));
      expect(() => translation.answer(Buffer.from(body))).toThrow(
        expect.objectContaining({ name: "UnreadableAnswerError", body: expect.any(Buffer) as Buffer }),
      );
    },
  );

  test("an error keeps its message", async () => {
    const translation = await translated(from, to, requestOf(from, PLAIN));
    const body = Buffer.from(
      JSON.stringify(TRANSLATORS[to].writeError({ message: "Too long.", status: 400 })),
    );
    const written = translation.error(body, 400, {});
    expect(TRANSLATORS[from].readError(written.toString("utf8"), 400, {})).toMatchObject({
      message: "Too long.",
      status: 400,
    });
  });
});
