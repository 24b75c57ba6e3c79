/**
 * A program: flushes a thousand calls, each with an image of 100 KB of its own. Their records are claims, for no batch of Lambda's holds
 * so many. Usage: node flush-image-batch.ts <Langfuse>
 */
import { createHash } from "node:crypto";
import { createHttpExchange, createLangfuseMediaStore } from "@sluice/langfuse";
import { CREDENTIALS, flushAndPrint, LANGFUSE, nowMs } from "./batch-program.ts";
import { claimedRecord, numberedRecord } from "./records.ts";

const CALLS = 1_000;
const IMAGE_BYTES = 100_000;

/** Bytes that no compression makes smaller, and that are the call's own. */
function record(number: number) {
  const image = createHash("shake256", { outputLength: IMAGE_BYTES }).update(String(number)).digest("base64");
  const content = [{ type: "image_url", image_url: { url: `data:image/jpeg;base64,${image}` } }];
  const body = Buffer.from(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }));
  const times = { ...numberedRecord(number).times, startedAtMs: nowMs() - 1_000, endedAtMs: nowMs() };
  return numberedRecord(number, { times, request: { contentType: "application/json", body } });
}

const claimed = (number: number) => claimedRecord(record(number), `claims/2026-11-21/${number}`);
let unpackedBytes = 0;

await flushAndPrint({
  bodies: Array.from({ length: CALLS }, (_, number) => claimed(number).body),
  claims: {
    fetch: async ({ key }) => {
      const { bytes } = claimed(Number(key.slice(key.lastIndexOf("/") + 1)));
      unpackedBytes += bytes.byteLength;
      return await Promise.resolve(bytes);
    },
  },
  media: createLangfuseMediaStore({
    name: "main",
    baseUrl: LANGFUSE,
    credentials: CREDENTIALS,
    exchange: createHttpExchange(),
    nowMs,
  }),
  unpackedBytes: () => unpackedBytes,
});
