/** Files go to Langfuse and cut calls to the bucket before their traces; nobody else's trace waits for that. */
import { createHash } from "node:crypto";
import {
  createFlusher,
  type Destination,
  type FlusherDependencies,
  type QueueMessage,
} from "@sluice/flusher";
import {
  createHttpExchange,
  createHttpPost,
  createLangfuseDrain,
  createLangfuseMediaStore,
  MAX_EXPORT_BYTES,
  MEDIA_PATIENCE_MS,
} from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { createRedactor } from "@sluice/redaction";
import type { CaptureMode } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { attributesOf, type Decide, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { mediaEndpoint } from "../../support/langfuse-media.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { answer, messageBody, numberedRecord } from "../../support/records.ts";

const ENDED_AT_MS = numberedRecord(0).times.endedAtMs;
const keys = async () => ({ publicKey: "pk", secretKey: "sk" });

const image = (text: string) => Buffer.from(`\x89PNG\r\n\x1a\n${text}`, "latin1");
const idOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("base64url").slice(0, 22);

function message(number: number, fields: Parameters<typeof numberedRecord>[1] = {}): QueueMessage {
  const body = messageBody(numberedRecord(number, fields));
  return { id: `m${number}`, body, sentAtMs: ENDED_AT_MS, receiveCount: 1 };
}

function imageCall(number: number, bytes = image(`${number}`)): QueueMessage {
  const url = `data:image/png;base64,${bytes.toString("base64")}`;
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ];
  const body = Buffer.from(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }));
  return message(number, { request: { contentType: "application/json", body } });
}

const LONG_ANSWER = "word ".repeat(1_200_000);
const oversizeCall = (number: number) =>
  message(number, { answer: answer(completion({ content: LONG_ANSWER })) });

async function setUp({
  fail,
  keep,
  capture = "full",
  nowMs = () => ENDED_AT_MS + 1_000,
}: {
  readonly fail?: Decide;
  readonly keep?: (key: string) => Promise<void>;
  readonly capture?: CaptureMode;
  readonly nowMs?: () => number;
} = {}) {
  const media = mediaEndpoint(fail);
  const endpoint = await startLangfuseEndpoint(media.decide);
  const { baseUrl } = endpoint;
  const credentials = { keys, refreshedKeys: keys };
  const kept = new Map<string, Uint8Array>();
  const warnings: string[] = [];
  const accounts = memoryAccounts();
  const exchange = createHttpExchange();
  const drain: Destination = {
    ...createLangfuseDrain({
      name: "main",
      baseUrl,
      credentials,
      post: createHttpPost(30_000),
      media: createLangfuseMediaStore({ name: "main", baseUrl, credentials, exchange, nowMs }),
      nowMs,
    }),
    rules: { paused: false, sampleRate: 1, capture, redact: createRedactor(undefined) },
  };
  const dependencies: FlusherDependencies = {
    claims: { fetch: async () => undefined },
    wholes: {
      uri: (key) => `s3://bucket/${key}`,
      keep: async (key, body) => {
        await keep?.(key);
        kept.set(key, body);
      },
    },
    park: async () => undefined,
    drains: [drain],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => undefined,
    log: { error: () => undefined, warn: (text) => void warnings.push(text) },
    nowMs,
  };
  const attributes = (number: number) => {
    const span = endpoint.stored.find(({ spanId }) => spanId === numberedRecord(number).trace.spanId);
    return span && attributesOf(span);
  };
  return {
    flush: createFlusher(dependencies),
    endpoint,
    media,
    kept,
    warnings,
    attributes,
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}

const failing =
  (path: string, status: number): Decide =>
  (request) =>
    request.path.startsWith(path) ? { status } : undefined;

describe("a call with an image", () => {
  test("is a span that refers to it, sent after it was stored", async () => {
    await using system = await setUp();
    expect((await system.flush([imageCall(0)])).doneIds).toEqual(["m0"]);
    const id = idOf(image("0"));
    expect(system.attributes(0)?.["langfuse.observation.input"]).toContain(
      `{"url":"@@@langfuseMedia:type=image/png|id=${id}|source=base64_data_uri@@@"}`,
    );
    expect(system.media.asked).toEqual([
      { id, observationId: numberedRecord(0).trace.spanId, field: "input" },
    ]);
    expect(system.endpoint.requests.map(({ path }) => path)).toEqual([
      "/api/public/media",
      `/storage/${id}`,
      `/api/public/media/${id}`,
      "/api/public/otel/v1/traces",
    ]);
  });

  test("waits while its upload fails, and holds up nobody; then it is the span that it would have been", async () => {
    let failing = true;
    const fail: Decide = ({ path }) => (failing && path.startsWith("/storage") ? { status: 503 } : undefined);
    await using system = await setUp({ fail });
    const first = await system.flush([imageCall(0), message(1), message(2)]);
    expect(first.doneIds).toEqual(["m1", "m2"]);
    expect(first.failed.map(({ id }) => id)).toEqual(["m0"]);
    expect(system.attributes(0)).toBeUndefined();
    failing = false;
    expect((await system.flush([imageCall(0)])).doneIds).toEqual(["m0"]);

    await using well = await setUp();
    await well.flush([imageCall(0)]);
    expect(system.attributes(0)).toBeDefined();
    expect(system.attributes(0)).toEqual(well.attributes(0));
  });

  test("goes with a placeholder once its upload has failed for long enough", async () => {
    const nowMs = () => ENDED_AT_MS + MEDIA_PATIENCE_MS + 1;
    await using system = await setUp({ fail: failing("/storage", 503), nowMs });
    expect((await system.flush([imageCall(0)])).doneIds).toEqual(["m0"]);
    const bytes = image("0");
    const input = JSON.parse(String(system.attributes(0)?.["langfuse.observation.input"])) as object;
    expect(input).toMatchObject({
      messages: [
        {
          content: [
            { text: "What is this?" },
            {
              image_url: {
                url: {
                  type: "media",
                  media_type: "image/png",
                  bytes: bytes.byteLength,
                  sha256: createHash("sha256").update(bytes).digest("hex"),
                },
              },
            },
          ],
        },
      ],
    });
    expect(system.warnings).toContain("Media could not be stored; placeholders stand for them in the trace.");
  });

  test("is delivered after an outage of Langfuse with its image, not before", async () => {
    let away = true;
    const nowMs = () => ENDED_AT_MS + 10 * MEDIA_PATIENCE_MS;
    await using system = await setUp({ fail: () => (away ? { status: 503 } : undefined), nowMs });
    expect((await system.flush([imageCall(0)])).failed).toHaveLength(1);
    away = false;
    expect((await system.flush([imageCall(0)])).doneIds).toEqual(["m0"]);
    expect(system.attributes(0)?.["langfuse.observation.input"]).toContain("@@@langfuseMedia:");
    expect(system.endpoint.stored).toHaveLength(1);
  });

  test.each([
    ["redacted", expect.stringContaining(createHash("sha256").update(image("0")).digest("hex"))],
    ["metadata", undefined],
  ] as const)("keeps it in the account in %s capture", async (capture, input) => {
    await using system = await setUp({ capture });
    expect((await system.flush([imageCall(0)])).doneIds).toEqual(["m0"]);
    expect(system.media.asked).toEqual([]);
    expect(system.attributes(0)?.["langfuse.observation.input"]).toEqual(input);
    const text = JSON.stringify(system.attributes(0));
    expect(text).not.toContain(image("0").toString("base64"));
    expect(text).not.toContain("langfuseMedia");
  });

  test("that a hundred calls share is stored once", async () => {
    await using system = await setUp();
    const shared = image("shared");
    const calls = Array.from({ length: 100 }, (_, number) => imageCall(number, shared));
    expect((await system.flush(calls)).doneIds).toHaveLength(100);
    expect(system.media.put).toEqual([idOf(shared)]);
    expect(system.media.asked).toHaveLength(100);
  });
});

describe("a call that is too large for a span", () => {
  test("is cut, marked, and kept whole where the span says", async () => {
    await using system = await setUp();
    expect((await system.flush([oversizeCall(0), message(1)])).doneIds).toHaveLength(2);
    const { callId, trace } = numberedRecord(0);
    const key = `wholes/2025-10-09/${callId}.json`;
    expect([...system.kept.keys()]).toEqual([key]);
    expect(JSON.parse(Buffer.from(system.kept.get(key) ?? []).toString())).toMatchObject({
      callId,
      traceId: trace.traceId,
      input: { messages: [{ role: "user" }] },
      output: { role: "assistant", content: LONG_ANSWER },
    });
    expect(system.attributes(0)).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining(
        `kept whole at s3://bucket/${key}`,
      ) as string,
      "langfuse.observation.metadata.whole": `s3://bucket/${key}`,
      "langfuse.observation.metadata.cut_from_bytes": expect.any(Number) as number,
      "langfuse.observation.metadata.cut_field_characters": expect.stringContaining(
        "langfuse.observation.output",
      ) as string,
    });
    for (const { bytes } of system.endpoint.requests) expect(bytes).toBeLessThanOrEqual(MAX_EXPORT_BYTES);
    expect(system.attributes(1)).not.toHaveProperty("langfuse.observation.metadata.whole");
  });

  test("comes back while the bucket is away, and its neighbour does not wait", async () => {
    let away = true;
    await using system = await setUp({
      keep: () => (away ? Promise.reject(new Error("no bucket")) : Promise.resolve()),
    });
    const first = await system.flush([oversizeCall(0), message(1)]);
    expect(first).toMatchObject({
      doneIds: ["m1"],
      failed: [{ id: "m0", reason: expect.stringContaining("could not be kept whole") as string }],
    });
    away = false;
    expect((await system.flush([oversizeCall(0)])).doneIds).toEqual(["m0"]);
    expect(system.kept.size).toBe(1);
  });

  test("in redacted capture leaves the account cut and redacted; what is kept in it is whole", async () => {
    await using system = await setUp({ capture: "redacted" });
    const content = `Write to jane@example.com. ${LONG_ANSWER}`;
    const call = message(0, { answer: answer(completion({ content })) });
    expect((await system.flush([call])).doneIds).toEqual(["m0"]);
    expect(JSON.stringify(system.attributes(0))).not.toContain("jane@example.com");
    expect(system.attributes(0)).toHaveProperty("langfuse.observation.metadata.whole");
    const [whole] = [...system.kept.values()];
    expect(Buffer.from(whole ?? []).toString()).toContain("jane@example.com");
  });

  test("is kept also when its answer is one that nobody can read, and shown in part", async () => {
    await using system = await setUp();
    const page = "<p>not JSON</p>".repeat(100_000);
    expect((await system.flush([message(0, { answer: answer(page) })])).doneIds).toEqual(["m0"]);
    const [[key, body] = []] = [...system.kept];
    expect(system.attributes(0)?.["langfuse.observation.metadata.whole"]).toBe(`s3://bucket/${key}`);
    const { output } = JSON.parse(Buffer.from(body ?? []).toString()) as { output: { data: string } };
    expect(Buffer.from(output.data, "base64").toString()).toBe(page);
  });

  test("is not kept when its images were all that made it large", async () => {
    await using system = await setUp();
    const bytes = image("x".repeat(6_000_000));
    expect((await system.flush([imageCall(0, bytes)])).doneIds).toEqual(["m0"]);
    expect(system.kept.size).toBe(0);
    expect(system.attributes(0)?.["langfuse.observation.level"]).toBe("DEFAULT");
  });
});
