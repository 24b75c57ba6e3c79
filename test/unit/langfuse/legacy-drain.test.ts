/** The drain to a self-hosted Langfuse v2 or v3. */
import { observe } from "@sluice/flusher";
import {
  createHttpPost,
  createLegacyDrain,
  type Drain,
  type ExportOutcome,
  MAX_INGESTION_BYTES,
} from "@sluice/langfuse";
import { Langfuse } from "langfuse";
import { describe, expect, it } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { type LegacyBehaviour, startLegacyLangfuse } from "../../support/legacy-langfuse.ts";
import { answer, chatRecord, numberedRecord } from "../../support/records.ts";

const KEYS = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };

function drainTo(baseUrl: string): Drain {
  return createLegacyDrain({
    name: "own",
    baseUrl,
    credentials: { keys: async () => KEYS, refreshedKeys: async () => KEYS },
    post: createHttpPost(5_000),
    nowMs: () => 0,
  });
}

function traces(drain: Drain, count: number, answerBytes = 10): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => {
    const body = completion({ content: "x".repeat(answerBytes) });
    return drain.encode(observe(numberedRecord(number, { answer: answer(body) })));
  });
}

const kinds = (outcomes: readonly ExportOutcome[]) => outcomes.map(({ kind }) => kind);

/** Exports three calls to a server that behaves so. */
async function exportThree(behaviour: LegacyBehaviour) {
  await using server = await startLegacyLangfuse(behaviour);
  const drain = drainTo(server.baseUrl);
  return { outcomes: await drain.export(traces(drain, 3)), requests: server.requests.length };
}

const isOfSecondCall = (id: string) => id.startsWith(numberedRecord(1).trace.traceId);

describe("an ingestion batch", () => {
  it("shows a call as a trace and a generation, with every field that the server has", async () => {
    await using server = await startLegacyLangfuse();
    const drain = drainTo(server.baseUrl);
    const record = chatRecord({
      trace: {
        ...chatRecord().trace,
        name: "answer",
        userId: "user-1",
        sessionId: "session-1",
        tags: ["eu"],
        metadata: { plan: "pro" },
        prompt: { name: "greeting", version: 3 },
        environment: "staging",
        release: "v7",
      },
    });
    expect(kinds(await drain.export([drain.encode(observe(record))]))).toEqual(["delivered"]);
    expect(server.bodies("trace-create")).toEqual([
      expect.objectContaining({
        id: "1".repeat(32),
        timestamp: "2025-10-09T08:53:20.000Z",
        name: "answer",
        userId: "user-1",
        sessionId: "session-1",
        tags: ["eu"],
        environment: "staging",
        release: "v7",
        metadata: { plan: "pro" },
      }),
    ]);
    expect(server.bodies("generation-create")).toEqual([
      expect.objectContaining({
        id: "2".repeat(16),
        traceId: "1".repeat(32),
        startTime: "2025-10-09T08:53:20.000Z",
        endTime: "2025-10-09T08:53:21.000Z",
        model: "gpt-4o-2024-08-06",
        modelParameters: { temperature: 0.5 },
        promptName: "greeting",
        promptVersion: 3,
        input: { messages: [{ role: "user", content: "Say hello" }] },
        output: { role: "assistant", content: "Hello" },
        level: "DEFAULT",
        usage: { input: 9, output: 3, total: 12, unit: "TOKENS" },
        usageDetails: { input: 9, output: 3, total: 12 },
      }),
    ]);
  });

  it("is the request that the langfuse package makes", async () => {
    await using server = await startLegacyLangfuse();
    const drain = drainTo(server.baseUrl);
    await drain.export(traces(drain, 2));
    const client = new Langfuse({ ...KEYS, baseUrl: server.baseUrl });
    const [ours] = server.requests;
    await client.api.ingestionBatch({ batch: [...(ours?.events ?? [])] });
    const theirs = server.requests[1];
    expect(ours?.path).toBe(theirs?.path);
    expect(ours?.events).toEqual(theirs?.events);
    for (const name of ["authorization", "content-type"])
      expect(ours?.headers[name]).toBe(theirs?.headers[name]);
  });

  it("that comes twice is taken once", async () => {
    await using server = await startLegacyLangfuse();
    const drain = drainTo(server.baseUrl);
    await drain.export(traces(drain, 5));
    await drain.export(traces(drain, 5));
    expect(server.requests).toHaveLength(2);
    expect(server.taken.size).toBe(10);
  });

  it("never is larger than the server takes, and holds a call together", async () => {
    await using server = await startLegacyLangfuse();
    const drain = drainTo(server.baseUrl);
    const outcomes = await drain.export([...traces(drain, 5, 1_500_000), ...traces(drain, 1, 5_000_000)]);
    expect(new Set(kinds(outcomes))).toEqual(new Set(["delivered"]));
    for (const { bytes, events } of server.requests) {
      expect(bytes).toBeLessThanOrEqual(MAX_INGESTION_BYTES);
      expect(events.length % 2).toBe(0);
    }
    expect(server.requests.length).toBeGreaterThan(2);
  });

  it("of a call that was given up for dead is older than that of the call itself", async () => {
    await using server = await startLegacyLangfuse();
    const drain = drainTo(server.baseUrl);
    const { answer: _, ...alive } = chatRecord();
    const code = "function_killed";
    const dead = {
      ...alive,
      outcome: { kind: "failed", code, message: "" } as const,
      times: { ...alive.times, endedAtMs: alive.times.endedAtMs + 900_000 },
    };
    await drain.export([drain.encode(observe(dead)), drain.encode(observe(chatRecord()))]);
    const [first, second] = [...server.taken.values()].filter(({ type }) => type === "generation-create");
    expect(first?.id).not.toBe(second?.id);
    expect(Date.parse(first?.timestamp ?? "")).toBeLessThan(Date.parse(second?.timestamp ?? ""));
  });
});

describe("the answer to a batch", () => {
  it("decides for each call by its own events", async () => {
    for (const [verdict, kind] of [
      [{ status: 400, message: "Invalid request data", error: "name too long" }, "rejected"],
      [{ status: 500, message: "Internal" }, "retry"],
      [{ status: 429 }, "retry"],
    ] as const) {
      const { outcomes } = await exportThree({
        event: ({ id, type }) => (isOfSecondCall(id) && type === "generation-create" ? verdict : undefined),
      });
      expect(kinds(outcomes)).toEqual(["delivered", kind, "delivered"]);
    }
  });

  it("that says nothing of a call brings it back", async () => {
    const { outcomes } = await exportThree({ request: () => ({ status: 207, body: '{"successes":[]}' }) });
    expect(kinds(outcomes)).toEqual(["retry", "retry", "retry"]);
    const unreadable = await exportThree({ request: () => ({ status: 207, body: "<html>" }) });
    expect(kinds(unreadable.outcomes)).toEqual(["retry", "retry", "retry"]);
  });

  it("of a v4 server, which takes no batches, is told with the remedy and costs no record", async () => {
    const { outcomes } = await exportThree({
      event: () => ({
        status: 400,
        message: "Ingestion of traces is not supported in events_only mode, use the OpenTelemetry endpoint",
      }),
    });
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        kind: "retry",
        refusal: "type_refused",
        retryAfterMs: 600_000,
        reason: expect.stringMatching(/events_only.+Set the drain's type to "langfuse"\.$/),
      });
    }
  });

  it.each([
    [401, "keys_refused"],
    [403, "access_denied"],
  ])("with status %i waits for somebody to act", async (status, refusal) => {
    const { outcomes } = await exportThree({ request: () => ({ status }) });
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "retry", refusal });
  });

  it("as plain text is understood: 413 is split, 500 comes back", async () => {
    const split = await exportThree({
      request: ({ events }) => (events.length > 2 ? { status: 413, body: "too large" } : undefined),
    });
    expect(kinds(split.outcomes)).toEqual(["delivered", "delivered", "delivered"]);
    const failed = await exportThree({ request: () => ({ status: 500, body: "oops" }) });
    expect(kinds(failed.outcomes)).toEqual(["retry", "retry", "retry"]);
  });
});
