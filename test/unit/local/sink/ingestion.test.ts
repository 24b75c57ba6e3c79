/** The sink in the place of a Langfuse v2 or v3, with the drain that writes to one. */
import { observe } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain, createLegacyDrain } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";
import { startSink } from "../../../../packages/local/src/sink/server.ts";
import type { SpanView } from "../../../../packages/local/src/sink/span-view.ts";
import { chatRecord } from "../../../support/records.ts";

const KEYS = { publicKey: "pk-lf-local", secretKey: "sk-lf-local" };
const authorization = `Basic ${Buffer.from(`${KEYS.publicKey}:${KEYS.secretKey}`).toString("base64")}`;

async function sinkWith(
  bodies: readonly string[],
  headers: Readonly<Record<string, string>> = { authorization },
) {
  const sink = await startSink({ keys: KEYS });
  const answers: { status: number; body: unknown }[] = [];
  for (const body of bodies) {
    const response = await fetch(`${sink.url}/api/public/ingestion`, { method: "POST", headers, body });
    answers.push({ status: response.status, body: await response.json() });
  }
  const counts = sink.counts();
  await sink.close();
  return { answers, counts };
}

/** What both ways carry; attributes of the conventions, and the resource's, are for OTLP alone. */
function comparable(span: SpanView) {
  return { ...span, attributes: undefined, resource: undefined };
}

describe("a batch for the sink", () => {
  it("of the legacy drain shows the call as the OTLP drain does", async () => {
    const trace = { ...chatRecord().trace, userId: "user-1", tags: ["eu"], metadata: { plan: "pro" } };
    const [legacy, otlp] = await Promise.all(
      [createLegacyDrain, createLangfuseDrain].map(async (create) => {
        const sink = await startSink({ keys: KEYS });
        const drain = create({
          name: "own",
          baseUrl: sink.url,
          credentials: { keys: async () => KEYS, refreshedKeys: async () => KEYS },
          post: createHttpPost(5_000),
          nowMs: () => 0,
        });
        const outcomes = await drain.export([drain.encode(observe(chatRecord({ trace })))]);
        expect(outcomes).toEqual([{ kind: "delivered" }]);
        const shown = sink.trace(trace.traceId);
        await sink.close();
        return shown;
      }),
    );
    expect(legacy).toMatchObject({
      id: trace.traceId,
      tags: ["eu"],
      spans: [{ id: trace.spanId, type: "generation" }],
    });
    const { spans: ours = [], ...ofTrace } = legacy ?? {};
    const { spans: theirs = [], ...expected } = otlp ?? {};
    expect(ofTrace).toEqual(expected);
    expect(ours.map(comparable)).toEqual(theirs.map(comparable));
  });

  it("is answered for each event", async () => {
    const batch = [
      { id: "1", type: "trace-create", body: { id: "t" } },
      { id: "2", type: "span-create", body: { id: "s", traceId: "t", startTime: "2026-11-21T12:00:00Z" } },
      { id: "3", type: "span-create", body: { id: "s" } },
      { id: "4", type: "score-create", body: {} },
    ];
    const { answers, counts } = await sinkWith([JSON.stringify({ batch })]);
    expect(answers[0]).toMatchObject({
      status: 207,
      body: {
        successes: [
          { id: "1", status: 201 },
          { id: "2", status: 201 },
        ],
        errors: [
          { id: "3", status: 400, message: expect.stringContaining("startTime") },
          { id: "4", status: 400, message: expect.stringContaining("score-create") },
        ],
      },
    });
    expect(counts.stored).toBe(1);
  });

  it("that is none is refused, as is one with wrong keys", async () => {
    const { answers } = await sinkWith(["{", "{}", '{"batch":[7]}']);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    const { answers: strange } = await sinkWith(['{"batch":[]}'], { authorization: "Basic eA==" });
    expect(strange[0]?.status).toBe(401);
  });
});
