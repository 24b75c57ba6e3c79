import { observe } from "@sluice/flusher";
import { createLangfuseDrain, MAX_EXPORT_BYTES } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { attributesOf, type ReceivedSpan } from "../../support/langfuse-endpoint.ts";
import { answer, chatRecord } from "../../support/records.ts";

const drain = createLangfuseDrain({
  name: "main",
  baseUrl: "http://127.0.0.1:9",
  credentials: { keys: async () => undefined, refreshedKeys: async () => undefined },
  post: async () => ({ kind: "unanswered", reason: "not in this test" }),
  nowMs: () => 0,
});

function encoded(fields: Partial<ExchangeRecord>) {
  const bytes = drain.encode(observe(chatRecord(fields)));
  const span = JSON.parse(Buffer.from(bytes).toString()) as ReceivedSpan;
  return { bytes: bytes.byteLength, span, attributes: attributesOf(span) };
}

const request = (value: object) => ({
  contentType: "application/json",
  body: Buffer.from(JSON.stringify(value)),
});
const { trace } = chatRecord();

describe("a span that is too large for one request", () => {
  test("is cut inside its longest texts, stays readable, and says so", () => {
    const messages = [
      { role: "system", content: "Be brief" },
      { role: "user", content: "🍓".repeat(3_000_000) },
    ];
    const { bytes, span, attributes } = encoded({ request: request({ model: "m", messages }) });
    expect(bytes).toBeLessThan(MAX_EXPORT_BYTES);
    const input = JSON.parse(String(attributes["langfuse.observation.input"])) as {
      messages: typeof messages;
    };
    expect(input.messages[0]?.content).toBe("Be brief");
    expect(input.messages[1]?.content).toMatch(/^(🍓)+… \[\d+ more characters, cut by Sluice\]$/u);
    expect(span).toMatchObject({ traceId: trace.traceId, spanId: trace.spanId });
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringMatching(/was cut to fit/) as string,
      "langfuse.observation.output": '{"role":"assistant","content":"Hello"}',
      "langfuse.observation.usage_details": '{"input":9,"output":3,"total":12}',
    });
    expect(JSON.parse(String(attributes["langfuse.observation.metadata.cut_field_characters"]))).toEqual({
      "langfuse.observation.input": expect.any(Number) as number,
    });
  });

  test("names the place where the call is kept whole, which no cut takes away", () => {
    const asked: string[] = [];
    const keepWhole = () => {
      asked.push("whole");
      return "s3://bucket/wholes/day/id.json";
    };
    const metadata = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, i) => [`key ${i}`, "x".repeat(200)]),
    );
    const call = observe(chatRecord({ trace: { ...trace, metadata } }));
    const span = JSON.parse(Buffer.from(drain.encode(call, keepWhole)).toString()) as ReceivedSpan;
    expect(attributesOf(span)).toMatchObject({
      "langfuse.observation.metadata.whole": "s3://bucket/wholes/day/id.json",
      "langfuse.observation.metadata.cut_from_bytes": expect.any(Number) as number,
    });
    expect(asked).toEqual(["whole"]);
    drain.encode(observe(chatRecord()), keepWhole);
    expect(asked).toEqual(["whole"]);
  });

  test("of an error stays an error, with its message", () => {
    const error = { message: "Too long", code: "context_length_exceeded" };
    const { span, attributes } = encoded({
      request: request({ model: "m", messages: [{ role: "user", content: "x".repeat(5_000_000) }] }),
      answer: answer(JSON.stringify({ error }), { status: 400 }),
    });
    expect(span.status?.code).toBe(2);
    expect(attributes["langfuse.observation.level"]).toBe("ERROR");
    expect(attributes["langfuse.observation.status_message"]).toMatch(/^context_length_exceeded: Too long /);
  });

  test.each([
    ["a million short texts", { request: request({ messages: Array.from({ length: 1e6 }, () => "ab") }) }],
    ["text that is no JSON", { answer: answer(completion({ content: "x".repeat(12_000_000) })) }],
    [
      "fifty thousand metadata fields",
      {
        trace: {
          ...trace,
          metadata: Object.fromEntries(Array.from({ length: 5e4 }, (_, at) => [`k${at}`, "v".repeat(90)])),
        },
      },
    ],
    ["a metadata field with a huge name", { trace: { ...trace, metadata: { ["k".repeat(5e6)]: 1 } } }],
    [
      "tags without number",
      { trace: { ...trace, tags: Array.from({ length: 5e5 }, (_, at) => `tag-${at}`) } },
    ],
    ["a huge model name", { attempts: [], requestedModel: "m".repeat(5e6) }],
  ])("because of %s fits all the same, with what Langfuse needs", (_, fields: Partial<ExchangeRecord>) => {
    const { bytes, attributes } = encoded(fields);
    expect(bytes).toBeLessThan(MAX_EXPORT_BYTES);
    expect(attributes).toMatchObject({
      "langfuse.observation.type": "generation",
      "langfuse.observation.level": "WARNING",
    });
  });

  test("is cut the same way every time", () => {
    const fields = { answer: answer(completion({ content: "x".repeat(9_000_000) })) };
    expect(drain.encode(observe(chatRecord(fields)))).toEqual(drain.encode(observe(chatRecord(fields))));
  });
});
