/** Images and calls that are too large for a span, through the built bundles: to the sink's media, and to the bucket. */
import { createHash } from "node:crypto";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { SpanView } from "../../packages/local/src/sink/span-view.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import { chatCompletion, json, startUpstream, type Upstream } from "../support/upstream.ts";

const IMAGE = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(50_000, 7)]);
const MEDIA_ID = createHash("sha256").update(IMAGE).digest("base64url").slice(0, 22);
const LONG_ANSWER = "word ".repeat(1_000_000);

let upstream: Upstream;
let system: TestSystem;

beforeAll(async () => {
  upstream = await startUpstream(json(chatCompletion("A dot.")));
  system = await startSystem({ OPENAI_BASE_URL: upstream.baseUrl });
});

afterAll(async () => {
  await system.stop();
  await upstream.stop();
});

/** Calls a model, and gives the call's own span once the sink has it. */
async function spanOf(content: unknown): Promise<SpanView> {
  const response = await fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content }] }),
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  const traceId = response.headers.get("x-sluice-trace-id");
  return await vi.waitFor(
    () => {
      const span = system.spans().find((one) => one.traceId === traceId);
      if (!span) throw new Error("The sink has no such span yet.");
      return span;
    },
    { timeout: 90_000, interval: 50 },
  );
}

it("shows an image as one file of the sink's, to which the span refers", async () => {
  const url = `data:image/png;base64,${IMAGE.toString("base64")}`;
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url } },
  ];
  const spans = [await spanOf(content), await spanOf(content)];
  expect(system.sink?.mediaCount()).toBe(1);
  for (const span of spans) {
    expect(span.input).toMatchObject({
      messages: [
        {
          content: [
            { type: "text", text: "What is this?" },
            {
              image_url: {
                url: `@@@langfuseMedia:type=image/png|id=${MEDIA_ID}|source=base64_data_uri@@@`,
              },
            },
          ],
        },
      ],
    });
    expect(JSON.stringify(span)).not.toContain(IMAGE.toString("base64").slice(0, 200));
    expect(span.media).toMatchObject([{ id: MEDIA_ID, field: "input" }]);
    const shown = await fetch(span.media?.[0]?.url ?? "");
    expect(shown.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await shown.arrayBuffer()).equals(IMAGE)).toBe(true);
  }
});

it("cuts a call that is too large for a span, says so, and keeps it whole in the bucket", async () => {
  upstream.answer = json(chatCompletion(LONG_ANSWER));
  const span = await spanOf("Write a long text.");
  expect(span).toMatchObject({
    level: "WARNING",
    statusMessage: expect.stringContaining("was cut to fit") as string,
    output: { content: expect.stringMatching(/characters, cut by Sluice\]$/) as string },
  });
  const { whole } = span.metadata;
  expect(whole).toMatch(
    new RegExp(`^s3://${system.bucket}/wholes/\\d{4}-\\d{2}-\\d{2}/req_[0-9a-f]{32}\\.json$`),
  );
  const client = new S3Client({
    endpoint: system.endpoints.s3,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const object = await client.send(
    new GetObjectCommand({ Bucket: system.bucket, Key: String(whole).split("/").slice(3).join("/") }),
  );
  const text = (await object.Body?.transformToString()) ?? "";
  client.destroy();
  expect(object.ContentType).toBe("application/json");
  expect(JSON.parse(text)).toMatchObject({
    traceId: span.traceId,
    input: { messages: [{ role: "user", content: "Write a long text." }] },
    output: { role: "assistant", content: LONG_ANSWER },
  });
});
