/** The sink's media API through the very store that drains use, and what Langfuse would refuse. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createHttpExchange, createLangfuseMediaStore, mediaReference } from "@sluice/langfuse";
import { describe, expect, it, onTestFinished } from "vitest";
import { type SinkOptions, startSink } from "../../../../packages/local/src/sink/server.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";
import { spanId, traceId } from "../../../support/records.ts";

const keys = { publicKey: "pk-lf-1", secretKey: "sk-lf-1" };
const AUTHORIZATION = `Basic ${Buffer.from("pk-lf-1:sk-lf-1").toString("base64")}`;
const SPAN = { traceId: traceId("1".repeat(32)), spanId: spanId("2".repeat(16)) };
const CONTENT = Buffer.from("<script>alert(1)</script>");
const SHA256 = createHash("sha256").update(CONTENT).digest("base64");
const ID = createHash("sha256").update(CONTENT).digest("base64url").slice(0, 22);

async function start(options: Partial<SinkOptions> = {}) {
  const sink = await startSink({ keys, ...options });
  onTestFinished(() => sink.close());
  const credentials = { keys: async () => keys, refreshedKeys: async () => keys };
  const store = createLangfuseMediaStore({
    name: "main",
    baseUrl: sink.url,
    credentials,
    exchange: createHttpExchange(),
    nowMs: () => 1_760_000_000_000,
  });
  const reference = mediaReference("text/html", SHA256, "bytes");
  const file = {
    mediaType: "text/html",
    content: CONTENT,
    sha256: SHA256,
    reference,
    field: "output",
  } as const;
  const upload = () => store.store([{ ...SPAN, endedAtMs: 1_760_000_000_000, media: [file] }]);
  const post = (fields: object, headers: Record<string, string> = { authorization: AUTHORIZATION }) =>
    fetch(`${sink.url}/api/public/media`, { method: "POST", headers, body: JSON.stringify(fields) });
  return { sink, upload, post };
}

const ASKED = {
  traceId: SPAN.traceId,
  observationId: SPAN.spanId,
  contentType: "text/html",
  contentLength: CONTENT.byteLength,
  sha256Hash: SHA256,
  field: "output",
};

describe("a file", () => {
  it("is uploaded once, told of by the API, and shown without anything in it being run", async () => {
    const { sink, upload, post } = await start();
    expect(await upload()).toEqual([{ kind: "stored" }]);
    expect(sink.mediaCount()).toBe(1);
    const again = await post(ASKED);
    expect(again.status).toBe(201);
    expect(await again.json()).toEqual({ mediaId: ID, uploadUrl: null });
    const told = await fetch(`${sink.url}/api/public/media/${ID}`, {
      headers: { authorization: AUTHORIZATION },
    });
    expect(await told.json()).toMatchObject({
      mediaId: ID,
      contentType: "text/html",
      url: `${sink.url}/media/${ID}`,
    });
    const seen = await fetch(`${sink.url}/media/${ID}`);
    expect(await seen.text()).toBe(CONTENT.toString());
    expect(seen.headers.get("content-security-policy")).toBe("sandbox");
    expect(seen.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("is shown with the span that refers to it", async () => {
    const { sink, upload } = await start();
    await upload();
    await fetch(`${sink.url}/api/public/otel/v1/traces`, {
      method: "POST",
      headers: { authorization: AUTHORIZATION, "content-type": "application/json" },
      body: JSON.stringify({
        resourceSpans: [
          {
            scopeSpans: [
              { spans: [{ ...SPAN, name: "chat", startTimeUnixNano: "1", endTimeUnixNano: "2" }] },
            ],
          },
        ],
      }),
    });
    expect(sink.trace(SPAN.traceId)?.spans[0]?.media).toEqual([
      { id: ID, field: "output", url: `${sink.url}/media/${ID}` },
    ]);
  });

  it("outlives the sink in its file", async () => {
    const file = join(await temporaryDirectory(), "spans.sqlite");
    const first = await start({ file });
    await first.upload();
    const second = await start({ file });
    expect(second.sink.mediaCount()).toBe(1);
    expect(await (await fetch(`${second.sink.url}/media/${ID}`)).text()).toBe(CONTENT.toString());
  });
});

describe("what Langfuse refuses, the sink refuses", () => {
  it.each([
    ["a content type that is none of its", { contentType: "audio/pcm" }],
    ["no length", { contentLength: 0 }],
    ["a hash in hex", { sha256Hash: createHash("sha256").update(CONTENT).digest("hex") }],
    ["a field that is none", { field: "somewhere" }],
    ["no trace", { traceId: undefined }],
  ])("%s", async (_, fields) => {
    const { post } = await start();
    expect((await post({ ...ASKED, ...fields })).status).toBe(400);
  });

  it("keys that are not the project's", async () => {
    const { post } = await start();
    expect((await post(ASKED, {})).status).toBe(401);
  });

  it("other bytes than were announced, and a file that was never put", async () => {
    const { sink, post } = await start();
    const { uploadUrl } = (await (await post(ASKED)).json()) as { uploadUrl: string };
    expect((await fetch(uploadUrl, { method: "PUT", body: "else" })).status).toBe(400);
    await fetch(`${sink.url}/api/public/media/${ID}`, {
      method: "PATCH",
      headers: { authorization: AUTHORIZATION },
      body: JSON.stringify({ uploadedAt: new Date(0).toISOString(), uploadHttpStatus: 200 }),
    });
    expect(sink.mediaCount()).toBe(0);
    expect((await fetch(`${sink.url}/media/${ID}`)).status).toBe(404);
    expect((await fetch(`${sink.url}/media/${"x".repeat(22)}`)).status).toBe(404);
  });
});
