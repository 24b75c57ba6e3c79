import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { trackCalls } from "../../../packages/console/server/calls.ts";
import { readCall } from "../../../packages/console/server/read-call.ts";
import type { OtlpSpan } from "../../../packages/local/src/sink/otlp.ts";
import { openSpanFeed } from "../../../packages/local/src/sink/span-feed.ts";
import { openSpanStore } from "../../../packages/local/src/sink/span-store.ts";
import { temporaryDirectory } from "../../support/local-lambda.ts";

function span(number: number, attributes: OtlpSpan["attributes"] = {}): OtlpSpan {
  return {
    traceId: `t${number}`,
    spanId: `s${number}`,
    name: "chat gpt-4o",
    startMs: 1_760_000_000_000 + number,
    endMs: 1_760_000_000_500 + number,
    statusCode: 0,
    attributes: { "langfuse.observation.metadata.request_id": `req_${number}`, ...attributes },
    resource: {},
  };
}

async function sink() {
  const file = join(await temporaryDirectory(), "sink.db");
  const store = openSpanStore(file);
  const feed = openSpanFeed(file);
  onTestFinished(() => {
    feed.close();
    store.close();
  });
  return { store, feed };
}

describe("the calls of the list", () => {
  it("are told once when they come, and again when they come again", async () => {
    const { store, feed } = await sink();
    const calls = trackCalls(feed);
    const fresh = async () => (await calls.update()).map(({ id }) => id);
    store.add([span(1), span(2)]);
    expect(await fresh()).toEqual(["s1", "s2"]);
    expect(await fresh()).toEqual([]);
    store.add([span(1, { "langfuse.observation.level": "ERROR" }), span(3)]);
    expect(await fresh()).toEqual(["s1", "s3"]);
    expect(calls.all().map(({ id, level }) => `${id} ${level}`)).toEqual([
      "s3 DEFAULT",
      "s2 DEFAULT",
      "s1 ERROR",
    ]);
  });

  it("are the newest, over many pages, and each is told to one of two who ask at once", async () => {
    const { store, feed } = await sink();
    store.add(Array.from({ length: 1000 }, (_, index) => span(index)));
    const calls = trackCalls(feed, 700);
    const [one, other] = await Promise.all([calls.update(), calls.update()]);
    expect([one.length, other.length]).toEqual([700, 0]);
    store.add([span(1000)]);
    await calls.update();
    expect(calls.all()).toHaveLength(700);
    expect([calls.all().at(0)?.id, calls.all().at(-1)?.id]).toEqual(["s1000", "s301"]);
  });

  it("are no failed attempts, and nobody else's spans", () => {
    expect(readCall(span(1, { "langfuse.observation.metadata.attempt": 1 }))).toBeUndefined();
    expect(readCall({ ...span(1), attributes: {} })).toBeUndefined();
  });

  it("have every kind of tokens in their sums, and the last thing that was said", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Hello" }] },
      { role: "user", content: "Bye" },
    ];
    expect(
      readCall(
        span(1, {
          "langfuse.observation.usage_details": '{"input":5,"input_cached_tokens":7,"output":2,"total":14}',
          "langfuse.observation.input": JSON.stringify({ messages }),
          "langfuse.observation.completion_start_time": "2025-10-09T08:53:20.101Z",
        }),
      ),
    ).toMatchObject({ inputTokens: 12, outputTokens: 2, preview: "Bye", firstTokenMs: 100, durationMs: 500 });
  });
});
