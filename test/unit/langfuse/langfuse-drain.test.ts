import { observe } from "@sluice/flusher";
import {
  createHttpPost,
  createLangfuseDrain,
  type Drain,
  type DrainCredentials,
  type ExportOutcome,
  MAX_EXPORT_BYTES,
} from "@sluice/langfuse";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { type ReceivedExport, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { answer, numberedRecord } from "../../support/records.ts";

const KEYS = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };
const post = createHttpPost(5_000);

function drainTo(baseUrl: string, credentials: Partial<DrainCredentials> = {}, through = post): Drain {
  return createLangfuseDrain({
    name: "main",
    baseUrl,
    credentials: { keys: async () => KEYS, refreshedKeys: async () => KEYS, ...credentials },
    post: through,
    nowMs: () => 0,
  });
}

/** Encoded spans, each with an answer of about so many bytes. */
function spans(drain: Drain, count: number, answerBytes = 10): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => {
    const body = completion({ content: "x".repeat(answerBytes) });
    return drain.encode(observe(numberedRecord(number, { answer: answer(body) })));
  });
}

const kinds = (outcomes: readonly ExportOutcome[]) => outcomes.map(({ kind }) => kind);
/** The number of a record, from the id that `numberedRecord` gave it. */
const numbers = ({ spans }: Pick<ReceivedExport, "spans">) =>
  spans.map(({ spanId }) => Number.parseInt(spanId, 16) - 1);

describe("an export to Langfuse", () => {
  test("is one gzipped OTLP request with Basic auth and the direct path's version", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const drain = drainTo(endpoint.baseUrl);
    expect(kinds(await drain.export(spans(drain, 3)))).toEqual(["delivered", "delivered", "delivered"]);
    expect(endpoint.requests).toHaveLength(1);
    const [request] = endpoint.requests;
    expect(request?.path).toBe("/api/public/otel/v1/traces");
    expect(request?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("pk-lf-1:sk-lf-1").toString("base64")}`,
      "content-type": "application/json",
      "content-encoding": "gzip",
      "x-langfuse-ingestion-version": "4",
    });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "sluice" } }] },
          scopeSpans: [{ scope: { name: "sluice" } }],
        },
      ],
    });
    expect(numbers({ spans: endpoint.stored })).toEqual([0, 1, 2]);
  });

  test("of nothing sends nothing", async () => {
    await using endpoint = await startLangfuseEndpoint();
    expect(await drainTo(endpoint.baseUrl).export([])).toEqual([]);
    expect(endpoint.requests).toEqual([]);
  });

  test("takes several requests when there is more than fits one, and no more than needed", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const drain = drainTo(endpoint.baseUrl);
    const outcomes = await drain.export(spans(drain, 9, 1_000_000));
    expect(outcomes.every(({ kind }) => kind === "delivered")).toBe(true);
    expect(endpoint.requests.map(numbers)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
    for (const { bytes } of endpoint.requests) expect(bytes).toBeLessThanOrEqual(MAX_EXPORT_BYTES);
  });

  test("sends a byte-identical request when it is tried again", async () => {
    await using endpoint = await startLangfuseEndpoint(() => ({ status: 500 }));
    const drain = drainTo(endpoint.baseUrl);
    await drain.export(spans(drain, 5));
    await drain.export(spans(drain, 5));
    expect(endpoint.requests[1]?.body).toBe(endpoint.requests[0]?.body);
  });

  test.each([400, 413])(
    "finds the one span that is answered with %i, and delivers its neighbours",
    async (status) => {
      await using endpoint = await startLangfuseEndpoint((request) =>
        numbers(request).includes(37) ? { status, body: '{"message":"Bad span"}' } : undefined,
      );
      const drain = drainTo(endpoint.baseUrl);
      const outcomes = await drain.export(spans(drain, 100));
      expect(outcomes[37]).toEqual({
        kind: "rejected",
        reason: `Langfuse answered with status ${status}: Bad span`,
      });
      expect(outcomes.filter(({ kind }) => kind === "delivered")).toHaveLength(99);
      expect(numbers({ spans: endpoint.stored }).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 100 }, (_, at) => at).filter((at) => at !== 37),
      );
      expect(endpoint.requests.length).toBeLessThan(20);
    },
  );

  test("delivers every good span once and rejects every bad one, wherever they are", async () => {
    const bad = new Set<number>();
    await using endpoint = await startLangfuseEndpoint((request) =>
      numbers(request).some((number) => bad.has(number)) ? { status: 400 } : undefined,
    );
    const drain = drainTo(endpoint.baseUrl);
    const all = spans(drain, 30);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(29), { maxLength: 10 }), async (positions) => {
        bad.clear();
        for (const position of positions) bad.add(position);
        const before = endpoint.stored.length;
        const outcomes = await drain.export(all);
        expect(kinds(outcomes)).toEqual(all.map((_, at) => (bad.has(at) ? "rejected" : "delivered")));
        const stored = numbers({ spans: endpoint.stored.slice(before) });
        expect(stored.toSorted((a, b) => a - b)).toEqual(all.flatMap((_, at) => (bad.has(at) ? [] : [at])));
      }),
      { numRuns: 25 },
    );
  });

  test("splits by size when the server takes less than documented", async () => {
    await using endpoint = await startLangfuseEndpoint(({ bytes }) =>
      bytes > 600_000 ? { status: 413, body: "<html>too large</html>" } : undefined,
    );
    const drain = drainTo(endpoint.baseUrl);
    expect(new Set(kinds(await drain.export(spans(drain, 8, 200_000))))).toEqual(new Set(["delivered"]));
    expect(endpoint.stored).toHaveLength(8);
  });

  test("gives up on the drain, not on the records, when it rejects everything", async () => {
    await using endpoint = await startLangfuseEndpoint(() => ({ status: 400 }));
    const drain = drainTo(endpoint.baseUrl);
    const outcomes = await drain.export(spans(drain, 1_000));
    expect(outcomes.filter(({ kind }) => kind === "rejected").length).toBeLessThanOrEqual(20);
    expect(outcomes.at(-1)).toEqual({
      kind: "retry",
      reason: expect.stringMatching(/drain is at fault/) as string,
    });
    expect(endpoint.requests.length).toBeLessThan(60);
  });

  test("stops at a 429 and passes on how long to wait, also to what was not sent", async () => {
    await using endpoint = await startLangfuseEndpoint((request) =>
      numbers(request).includes(3) ? { status: 429, headers: { "retry-after": "7" } } : undefined,
    );
    const drain = drainTo(endpoint.baseUrl);
    const outcomes = await drain.export(spans(drain, 9, 1_000_000));
    expect(kinds(outcomes.slice(0, 3))).toEqual(["delivered", "delivered", "delivered"]);
    for (const outcome of outcomes.slice(3)) {
      expect(outcome).toMatchObject({ kind: "retry", retryAfterMs: 7_000 });
    }
    expect(endpoint.requests).toHaveLength(2);
  });

  test("goes on after a 500, which may be one request's own", async () => {
    await using endpoint = await startLangfuseEndpoint((request) =>
      numbers(request).includes(0) ? { status: 500 } : undefined,
    );
    const drain = drainTo(endpoint.baseUrl);
    const outcomes = await drain.export(spans(drain, 6, 1_000_000));
    expect(kinds(outcomes)).toEqual(["retry", "retry", "retry", "delivered", "delivered", "delivered"]);
  });

  test("asks once for fresh keys after a 401, and goes on with them", async () => {
    const fresh = { publicKey: "pk-lf-2", secretKey: "sk-lf-2" };
    const authorization = `Basic ${Buffer.from("pk-lf-2:sk-lf-2").toString("base64")}`;
    await using endpoint = await startLangfuseEndpoint(({ headers }) =>
      headers.authorization === authorization ? undefined : { status: 401 },
    );
    const drain = drainTo(endpoint.baseUrl, { refreshedKeys: async () => fresh });
    expect(kinds(await drain.export(spans(drain, 2)))).toEqual(["delivered", "delivered"]);
    expect(endpoint.requests).toHaveLength(2);
  });

  test.each([
    [401, "keys_refused"],
    [403, "access_denied"],
  ])(
    "keeps the records when the keys stay wrong (%i), and says so without the keys",
    async (status, refusal) => {
      await using endpoint = await startLangfuseEndpoint(() => ({
        status,
        body: '{"message":"Invalid credentials"}',
      }));
      let refreshes = 0;
      const refreshedKeys = async () => {
        refreshes += 1;
        return KEYS;
      };
      const drain = drainTo(endpoint.baseUrl, { refreshedKeys });
      const [outcome] = await drain.export(spans(drain, 6, 1_000_000));
      expect(outcome).toEqual({
        kind: "retry",
        // Somebody has to act: asking again soon would only cost.
        retryAfterMs: 600_000,
        reason: `Langfuse answered with status ${status}: Invalid credentials`,
        refusal,
      });
      expect(refreshes).toBe(status === 401 ? 1 : 0);
    },
  );

  test("keeps the records when there are no keys, or no way to get them", async () => {
    const without = drainTo("http://127.0.0.1:9", { keys: async () => undefined });
    expect(await without.export(spans(without, 1))).toEqual([
      {
        kind: "retry",
        reason: expect.stringContaining('drain "main"') as string,
        refusal: "keys_missing",
      },
    ]);
    const away = drainTo("http://127.0.0.1:9", { keys: () => Promise.reject(new Error("throttled")) });
    expect(await away.export(spans(away, 1))).toEqual([
      { kind: "retry", reason: "The export could not be sent: throttled" },
    ]);
  });

  test("keeps the records when nobody listens, when the connection breaks, and when no answer comes", async () => {
    const unreachable = await startLangfuseEndpoint();
    await unreachable[Symbol.asyncDispose]();
    const refused = drainTo(unreachable.baseUrl);
    expect(await refused.export(spans(refused, 1))).toMatchObject([{ kind: "retry" }]);

    await using broken = await startLangfuseEndpoint(() => (response) => {
      response.destroy();
    });
    const reset = drainTo(broken.baseUrl);
    expect(await reset.export(spans(reset, 1))).toMatchObject([{ kind: "retry" }]);

    await using silent = await startLangfuseEndpoint(() => () => {});
    const slow = drainTo(silent.baseUrl, {}, createHttpPost(20));
    expect(await slow.export(spans(slow, 1))).toMatchObject([
      { kind: "retry", reason: expect.stringContaining("no answer within 20 ms") as string },
    ]);
  });

  test("believes a 200 whose body breaks off: sending again would make a second trace", async () => {
    await using endpoint = await startLangfuseEndpoint(() => (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    const drain = drainTo(endpoint.baseUrl);
    expect(await drain.export(spans(drain, 1))).toEqual([{ kind: "delivered" }]);
  });
});
