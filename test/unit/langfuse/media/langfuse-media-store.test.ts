import { createHash } from "node:crypto";
import {
  createHttpExchange,
  createLangfuseMediaStore,
  type Exchange,
  type LangfuseMediaStoreOptions,
  MEDIA_PATIENCE_MS,
  MEDIA_RATE_PATIENCE_MS,
  type Media,
  mediaReference,
  type SpanMedia,
} from "@sluice/langfuse";
import { describe, expect, test } from "vitest";
import { type Decide, startLangfuseEndpoint } from "../../../support/langfuse-endpoint.ts";
import { mediaEndpoint } from "../../../support/langfuse-media.ts";
import { spanId, traceId } from "../../../support/records.ts";

const ENDED_AT_MS = 1_760_000_000_000;
const KEYS = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };
const exchange = createHttpExchange();

function file(text: string, fields: Partial<Media> = {}): Media {
  const content = Buffer.from(text);
  const sha256 = createHash("sha256").update(content).digest("base64");
  const reference = mediaReference("image/png", sha256, "bytes");
  return { mediaType: "image/png", content, sha256, reference, field: "input", ...fields };
}

function span(number: number, ...media: Media[]): SpanMedia {
  return {
    traceId: traceId("1".repeat(32)),
    spanId: spanId(String(number).padStart(16, "0")),
    endedAtMs: ENDED_AT_MS,
    media,
  };
}

async function withEndpoint(fail?: Decide, options: Partial<LangfuseMediaStoreOptions> = {}) {
  const media = mediaEndpoint(fail);
  const endpoint = await startLangfuseEndpoint(media.decide);
  const store = createLangfuseMediaStore({
    name: "main",
    baseUrl: endpoint.baseUrl,
    credentials: { keys: async () => KEYS, refreshedKeys: async () => KEYS },
    exchange,
    nowMs: () => ENDED_AT_MS + 1_000,
    ...options,
  });
  return { ...media, endpoint, store, [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose]() };
}

/** Fails requests whose path begins so. */
const failing =
  (path: string, status: number, headers: Record<string, string> = {}, body = '{"message":"no"}'): Decide =>
  (request) =>
    request.path.startsWith(path) ? { status, headers, body } : undefined;

describe("files at Langfuse", () => {
  test("are asked for, put with their checksum and told of", async () => {
    await using langfuse = await withEndpoint();
    const one = file("one");
    expect(await langfuse.store.store([span(1, one)])).toEqual([{ kind: "stored" }]);
    const [asked, put, told] = langfuse.endpoint.requests;
    expect(asked?.headers["authorization"]).toBe(
      `Basic ${Buffer.from("pk-lf-1:sk-lf-1").toString("base64")}`,
    );
    expect(JSON.parse(asked?.body ?? "")).toEqual({
      traceId: "1".repeat(32),
      observationId: "0000000000000001",
      contentType: "image/png",
      contentLength: 3,
      sha256Hash: one.sha256,
      field: "input",
    });
    expect(put).toMatchObject({
      body: "one",
      headers: { "content-type": "image/png", "content-length": "3", "x-amz-checksum-sha256": one.sha256 },
    });
    // The presigned place is another server as a rule: it must not see the keys.
    expect(put?.headers["authorization"]).toBeUndefined();
    expect(JSON.parse(told?.body ?? "")).toMatchObject({
      uploadHttpStatus: 200,
      uploadedAt: new Date(ENDED_AT_MS + 1_000).toISOString(),
    });
  });

  test("are put once for each content, and asked for by each span", async () => {
    await using langfuse = await withEndpoint();
    const spans = Array.from({ length: 20 }, (_, number) =>
      span(number, file("same"), file(`own ${number}`)),
    );
    const outcomes = await langfuse.store.store(spans);
    expect(outcomes).toEqual(spans.map(() => ({ kind: "stored" })));
    expect(langfuse.put).toHaveLength(21);
    expect(new Set(langfuse.put).size).toBe(21);
    expect(langfuse.asked).toHaveLength(40);
    // A retry finds everything there.
    await langfuse.store.store(spans);
    expect(langfuse.put).toHaveLength(21);
  });

  test("are sent a few at a time", async () => {
    let [now, most] = [0, 0];
    const counting: Exchange = async (request, signal) => {
      most = Math.max(most, ++now);
      const result = await exchange(request, signal);
      now -= 1;
      return result;
    };
    await using langfuse = await withEndpoint(undefined, { exchange: counting });
    await langfuse.store.store(Array.from({ length: 100 }, (_, number) => span(number, file(`${number}`))));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  test.each([
    ["the API fails", "/api/public/media", 500],
    ["the storage fails", "/storage", 503],
    ["the upload cannot be told of", "/api/public/media/", 500],
  ])("hold their span back while %s, then a placeholder has to do", async (_, path, status) => {
    const clock = { nowMs: ENDED_AT_MS };
    await using langfuse = await withEndpoint(failing(path, status), { nowMs: () => clock.nowMs });
    const one = file("one");
    expect(await langfuse.store.store([span(1, one)])).toMatchObject([{ kind: "retry" }]);
    clock.nowMs = ENDED_AT_MS + MEDIA_PATIENCE_MS + 1;
    expect(await langfuse.store.store([span(1, one)])).toMatchObject([{ kind: "refused", media: [one] }]);
  });

  test.each([
    ["refuses the type", "/api/public/media", 400, '{"message":"Invalid content type"}'],
    ["has no media API", "/api/public/media", 404, "<html>"],
    [
      "has no storage for files",
      "/api/public/media",
      500,
      '{"message":"Media upload to blob storage not enabled or no bucket configured"}',
    ],
    ["names a place that refuses", "/storage", 403, "<Error/>"],
    ["gives another id", "/api/public/media", 201, '{"mediaId":"another","uploadUrl":null}'],
    ["names no URL", "/api/public/media", 201, `{"mediaId":"${mediaIdOf("one")}","uploadUrl":"nowhere"}`],
    [
      "names a place without TLS",
      "/api/public/media",
      201,
      `{"mediaId":"${mediaIdOf("one")}","uploadUrl":"http://192.0.2.1/x"}`,
    ],
    [
      "names a file of this machine",
      "/api/public/media",
      201,
      `{"mediaId":"${mediaIdOf("one")}","uploadUrl":"file:///etc/passwd"}`,
    ],
  ])("give way to placeholders at once where Langfuse %s", async (_, path, status, body) => {
    await using langfuse = await withEndpoint(failing(path, status, {}, body));
    const one = file("one");
    expect(await langfuse.store.store([span(1, one), span(2)])).toMatchObject([
      { kind: "refused", media: [one], reason: expect.any(String) as string },
      { kind: "stored" },
    ]);
    expect(langfuse.put).toEqual([]);
  });

  test("never go to this machine for a Langfuse that is not on it", async () => {
    const sent: string[] = [];
    const remote: Exchange = async ({ url }) => {
      sent.push(url.href);
      const body = JSON.stringify({
        mediaId: mediaIdOf("one"),
        uploadUrl: "http://127.0.0.1:9001/2018-06-01",
      });
      return { kind: "answered", status: 201, body };
    };
    await using langfuse = await withEndpoint(undefined, {
      exchange: remote,
      baseUrl: "https://langfuse.example",
    });
    expect(await langfuse.store.store([span(1, file("one"))])).toMatchObject([{ kind: "refused" }]);
    expect(sent).toEqual(["https://langfuse.example/api/public/media"]);
  });

  test.each([
    [429, { "retry-after": "7" }, { retryAfterMs: 7_000 }, MEDIA_RATE_PATIENCE_MS],
    [401, {}, { refusal: "keys_refused" }, MEDIA_PATIENCE_MS],
    [403, {}, { refusal: "access_denied" }, MEDIA_PATIENCE_MS],
  ])(
    "wait with their spans while Langfuse answers %d, but not for ever",
    async (status, headers, more, patienceMs) => {
      const clock = { nowMs: ENDED_AT_MS + patienceMs };
      await using langfuse = await withEndpoint(failing("/api/public/media", status, headers), {
        nowMs: () => clock.nowMs,
      });
      const spans = Array.from({ length: 50 }, (_, number) => span(number, file(`${number}`)));
      for (const outcome of await langfuse.store.store(spans)) {
        expect(outcome).toMatchObject({ kind: "retry", ...more });
      }
      // Nobody asks fifty times to be told the same.
      expect(langfuse.endpoint.requests.length).toBeLessThan(20);
      clock.nowMs += 1;
      for (const { kind } of await langfuse.store.store(spans)) expect(kind).toBe("refused");
    },
  );

  test("are sent with keys read anew when the cached ones are refused", async () => {
    const current = `Basic ${Buffer.from("pk-lf-1:sk-lf-1").toString("base64")}`;
    const refuseOld: Decide = ({ path, headers }) =>
      path.startsWith("/api") && headers.authorization !== current ? { status: 401 } : undefined;
    let keys = { publicKey: "pk-lf-0", secretKey: "sk-lf-0" };
    const credentials = { keys: async () => keys, refreshedKeys: async () => (keys = KEYS) };
    await using langfuse = await withEndpoint(refuseOld, { credentials });
    expect(await langfuse.store.store([span(1, file("one"))])).toEqual([{ kind: "stored" }]);
  });

  test("that fail harm no file of another span", async () => {
    const bad = file("bad");
    await using langfuse = await withEndpoint((request) =>
      request.path === `/storage/${mediaIdOf("bad")}` ? { status: 500 } : undefined,
    );
    const outcomes = await langfuse.store.store([span(1, file("a")), span(2, bad), span(3, file("b"), bad)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["stored", "retry", "retry"]);
    expect(langfuse.confirmed.has(mediaIdOf("b"))).toBe(true);
  });

  test("that nobody takes are no error that is thrown", async () => {
    await using langfuse = await withEndpoint(undefined, {
      credentials: { keys: () => Promise.reject(new Error("away")), refreshedKeys: async () => KEYS },
    });
    expect(await langfuse.store.store([span(1, file("one"))])).toMatchObject([
      { kind: "retry", reason: expect.stringContaining("away") as string },
    ]);
  });
});

function mediaIdOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
