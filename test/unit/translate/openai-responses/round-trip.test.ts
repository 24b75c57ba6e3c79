import "../../../support/property-seed.ts";
import type { AnswerEvent, Block, Conversation, Part, ToolCall, Turn } from "@sluice/translate";
import { createSseReader } from "@sluice/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { openAiResponses } from "../../../../packages/translate/src/openai-responses/index.ts";
import { answerContext } from "./answer-context.ts";

const words = fc.string({ unit: "grapheme", maxLength: 20 });
const someWords = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const base64 = fc.base64String({ minLength: 4, maxLength: 24 });
const callId = fc.uuid().map((id) => `call_${id}`);
const args = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value));

const foreignOrigin = fc.constantFrom("anthropic-messages", "bedrock-converse", "gemini-generate-content");
const reasoning = fc.oneof(
  fc.record({
    kind: fc.constant("reasoning"),
    text: words,
    encrypted: base64,
    origin: fc.constant("openai-responses"),
  }),
  fc.record({ kind: fc.constant("reasoning"), text: words, signature: base64, origin: foreignOrigin }),
  fc.record({
    kind: fc.constant("reasoning"),
    text: fc.constant(""),
    encrypted: base64,
    origin: foreignOrigin,
  }),
);
const toolCall: fc.Arbitrary<ToolCall> = fc.record({
  kind: fc.constant("tool_call"),
  id: callId,
  name: fc.stringMatching(/^[a-z_]{1,10}$/),
  arguments: args,
});
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constantFrom("text", "refusal"), text: words }),
  reasoning,
  toolCall,
);

/** Ids of items are made anew. */
const withoutIds = (blocks: readonly Block[] | undefined) =>
  blocks?.map((each) => (each.kind === "reasoning" ? { ...each, id: "" } : each));

/** The deltas of an event cut in two, as another provider might send them. */
function cut(event: AnswerEvent): readonly AnswerEvent[] {
  if (event.kind !== "delta" || event.delta.kind !== "text" || event.delta.text.length < 2) return [event];
  const { text } = event.delta;
  const half = Math.floor(text.length / 2);
  return [text.slice(0, half), text.slice(half)].map((part) => ({
    kind: "delta",
    delta: { kind: "text", text: part },
  }));
}

test("an answer that is written and read again says the same, whole, streamed and cut anywhere", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), (blocks, step) => {
      const answer = { blocks, finish: { reason: "stop" } } as const;
      const whole = openAiResponses.readAnswer(openAiResponses.writeAnswer(answer, answerContext()));
      expect(withoutIds(whole?.blocks)).toEqual(withoutIds(blocks));

      const writer = openAiResponses.createStreamWriter(answerContext());
      const body = Buffer.from(
        answerEvents(answer)
          .flatMap(cut)
          .map((event) => writer.write(event))
          .join(""),
      );
      const sse = createSseReader();
      const reader = openAiResponses.createStreamReader();
      const events: AnswerEvent[] = [];
      for (let at = 0; at < body.length; at += step) {
        for (const event of sse.feed(body.subarray(at, at + step))) events.push(...reader.read(event));
      }
      expect(withoutIds(foldEvents(events)?.blocks)).toEqual(withoutIds(blocks));
      expect(events.at(-1)).toEqual({ kind: "end" });
    }),
    { numRuns: 100 },
  );
});

const text: fc.Arbitrary<Part> = fc.record({ kind: fc.constant("text"), text: someWords });
const media: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    kind: fc.constant("image"),
    source: fc.record({ kind: fc.constant("base64"), mediaType: fc.constant("image/png"), data: base64 }),
    detail: fc.constantFrom("low", "high"),
  }),
  fc.record({
    kind: fc.constant("file"),
    source: fc.record({
      kind: fc.constant("base64"),
      mediaType: fc.constant("application/pdf"),
      data: base64,
    }),
    filename: fc.constant("a.pdf"),
  }),
  fc.record({ kind: fc.constant("file"), source: fc.record({ kind: fc.constant("file_id"), id: callId }) }),
);
const thought: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant("reasoning"),
  text: words,
  encrypted: base64,
  id: fc.uuid(),
  origin: fc.constant("openai-responses"),
});

/** What one side asks, the other answers, and the results of its calls. */
const exchange: fc.Arbitrary<readonly Turn[]> = fc
  .tuple(
    fc.array(fc.oneof(text, media), { minLength: 1, maxLength: 3 }),
    fc.array(fc.oneof(text, thought), { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(toolCall, fc.oneof(fc.constant([]), fc.array(media, { minLength: 1, maxLength: 2 }))), {
      maxLength: 3,
    }),
  )
  .map(([asked, answered, calls]): readonly Turn[] => {
    const results = calls.map(
      ([{ id, name }, parts]): Part => ({ kind: "tool_result", callId: id, name, parts }),
    );
    return [
      { role: "user", parts: asked },
      { role: "assistant", parts: [...answered, ...calls.map(([call]) => call)] },
      ...(results.length > 0 ? [{ role: "user", parts: results } as const] : []),
    ];
  });

const conversation: fc.Arbitrary<Conversation> = fc.record({
  model: fc.constant("gpt-5"),
  turns: fc
    .tuple(fc.option(someWords, { nil: undefined }), fc.array(exchange, { maxLength: 3 }))
    .map(([instructions, exchanges]) => [
      ...(instructions === undefined
        ? []
        : [{ role: "system", parts: [{ kind: "text", text: instructions }] } as const]),
      ...exchanges.flat(),
    ]),
  tools: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z_]{1,10}$/),
      description: someWords,
      parameters: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 }),
      strict: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  stop: fc.constant([]),
  sampling: fc.record({ temperature: fc.double({ min: 0, max: 2, noNaN: true }) }),
  stream: fc.boolean(),
  streamUsage: fc.constant(true),
  openAi: fc.record({ store: fc.boolean() }),
});

test("a request that is written and read again says the same, and nothing is noted", () => {
  fc.assert(
    fc.property(conversation, (asked) => {
      const note = ({ field }: { readonly field: string }) => {
        throw new Error(`${field} was lost.`);
      };
      expect(openAiResponses.readRequest(openAiResponses.writeRequest(asked, note), note)).toEqual(asked);
    }),
    { numRuns: 100 },
  );
});
