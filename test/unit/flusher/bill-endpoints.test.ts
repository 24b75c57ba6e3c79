/** What calls of every endpoint cost, the same in the ledger and in Langfuse: known, zero, estimated, or unknown. */
import { observe, settlementOf } from "@sluice/flusher";
import { callSpan, encodeSpan } from "@sluice/langfuse";
import { loadCatalogue, type PriceOverrides, parseUsd, toUsdNumber } from "@sluice/prices";
import type { AnswerFormat, Endpoint, ExchangeRecord } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { bill } from "../../../packages/flusher/src/bill.ts";
import { corpusBody, corpusCases, corpusRequest } from "../../support/corpus.ts";
import { attributesOf, type ReceivedSpan } from "../../support/langfuse-endpoint.ts";
import { answer, chatRecord } from "../../support/records.ts";

const ACCOUNTS = [{ ownerKind: "key", ownerId: "key_1", periodId: "none" }] as const;
const TOKENS = { "openai/m": { input: "1", output: "2", audioInput: "4", imageOutput: "8" } };
const FEE = { "openai/m": { perRequest: "0.02" } };
const FREE = { "openai/m": { input: "0", output: "0" } };
const MP3 = { "content-type": "audio/mpeg" };
const EVENTS = { "content-type": "text/event-stream" };

async function billed(endpoint: Endpoint, fields: Partial<ExchangeRecord>, prices: PriceOverrides = {}) {
  const record = chatRecord({
    accounts: ACCOUNTS,
    endpoint,
    attempts: chatRecord().attempts.map((attempt) => ({ ...attempt, model: "m" })),
    request: { contentType: "application/json", body: Buffer.from('{"model":"m","input":"one two three"}') },
    ...fields,
  });
  const observed = observe(record);
  const billing = bill(observed, await loadCatalogue(prices));
  const settlement = settlementOf(record, billing);
  const span = JSON.parse(
    Buffer.from(encodeSpan(callSpan({ ...observed, ...(billing && { billing }) }))).toString(),
  ) as ReceivedSpan;
  const told = attributesOf(span)["langfuse.observation.cost_details"] as string | undefined;
  const shown = (JSON.parse(told ?? "{}") as Record<string, number>)["total"];
  return { billing, settlement, shown };
}

const ok = (body: object | string, headers?: Record<string, string>) => ({
  answer: answer(typeof body === "string" ? body : JSON.stringify(body), headers && { headers }),
});

describe("the cost of a call", () => {
  it.each<[Endpoint, string, Partial<ExchangeRecord>, PriceOverrides, string]>([
    [
      "images.generations",
      "with usage",
      ok({
        data: [{ b64_json: "AA==" }],
        usage: { input_tokens: 10, output_tokens: 100, output_tokens_details: { image_tokens: 100 } },
      }),
      TOKENS,
      "0.00081",
    ],
    ["images.generations", "with a fee for each", ok({ data: [{ url: "https://x.example" }] }), FEE, "0.02"],
    [
      "images.generations",
      "with a fee, though it tells tokens",
      ok({ data: [], usage: { input_tokens: 9, output_tokens: 9 } }),
      FEE,
      "0.02",
    ],
    [
      "audio.transcriptions",
      "with usage",
      ok({
        text: "hi",
        usage: {
          type: "tokens",
          input_tokens: 100,
          output_tokens: 10,
          total_tokens: 110,
          input_token_details: { audio_tokens: 90 },
        },
      }),
      TOKENS,
      "0.00039",
    ],
    [
      "audio.transcriptions",
      "with a fee for each",
      ok("WEBVTT", { "content-type": "text/vtt" }),
      FEE,
      "0.02",
    ],
    ["audio.speech", "with a fee for each", ok("ID3", MP3), FEE, "0.02"],
    ["audio.speech", "of a free model", ok("ID3", MP3), FREE, "0"],
    [
      "audio.speech",
      "as events with usage",
      ok(
        'data: {"type":"speech.audio.done","usage":{"input_tokens":10,"output_tokens":100,"total_tokens":110}}\n\n',
        EVENTS,
      ),
      TOKENS,
      "0.00021",
    ],
    ["moderations", "of a free model", ok({ id: "modr", results: [] }), FREE, "0"],
    [
      "rerank",
      "with usage",
      ok({ results: [], usage: { total_tokens: 50, prompt_tokens: 50 } }),
      TOKENS,
      "0.00005",
    ],
    [
      "rerank",
      "with a fee for each",
      ok({ results: [], meta: { billed_units: { search_units: 1 } } }),
      FEE,
      "0.02",
    ],
    ["messages.count_tokens", "without a price", ok({ input_tokens: 5 }), {}, "0"],
    [
      "embeddings",
      "with usage",
      ok({ data: [], usage: { prompt_tokens: 7, total_tokens: 7 } }),
      TOKENS,
      "0.000007",
    ],
    [
      "completions",
      "with usage",
      ok({ choices: [{ text: "a" }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } }),
      TOKENS,
      "0.000005",
    ],
    ["proxy", "that was refused", { answer: answer("{}", { status: 404 }) }, {}, "0"],
  ])("of %s %s is known", async (endpoint, _what, fields, prices, usd) => {
    const { billing, settlement, shown } = await billed(endpoint, fields, prices);
    expect(settlement?.cost).toBe(parseUsd(usd));
    expect(billing?.usageEstimated ?? false).toBe(false);
    // Of an operation that is never paid for Langfuse is told nothing.
    expect(shown ?? 0).toBe(toUsdNumber(parseUsd(usd)));
    expect(shown !== undefined || billing === undefined).toBe(true);
  });

  it.each<[Endpoint, string, Partial<ExchangeRecord>, RegExp]>([
    ["images.generations", "without usage", ok({ data: [{ url: "https://x.example" }] }), /perRequest/],
    [
      "images.generations",
      "that broke off",
      ok('data: {"type":"image_generation.partial_image"}\n\n', EVENTS),
      /perRequest/,
    ],
    [
      "audio.transcriptions",
      "billed by the minute",
      ok({ text: "hi", usage: { type: "duration", seconds: 9 } }),
      /perRequest/,
    ],
    ["audio.speech", "that is only a sound", ok("ID3", MP3), /perRequest/],
    ["moderations", "without usage", ok({ id: "modr", results: [] }), /perRequest/],
    [
      "rerank",
      "billed by searches",
      ok({ results: [], meta: { billed_units: { search_units: 1 } } }),
      /perRequest/,
    ],
    [
      "proxy",
      "with usage that nobody can read for sure",
      ok({ usage: { prompt_tokens: 3, completion_tokens: 4 } }),
      /passage/,
    ],
    [
      "responses",
      "in the background",
      {
        ...ok({ id: "resp_1", status: "queued", output: [], usage: null }),
        request: {
          contentType: "application/json",
          body: Buffer.from('{"model":"m","input":"a","background":true}'),
        },
      },
      /background/,
    ],
  ])("of %s %s is unknown, and not zero", async (endpoint, _what, fields, reason) => {
    const { billing, settlement, shown } = await billed(endpoint, fields, TOKENS);
    expect(billing?.cost).toMatchObject({
      status: "unpriced",
      reason: expect.stringMatching(reason) as string,
    });
    expect(billing?.usageEstimated).toBe(false);
    expect(settlement).toBeDefined();
    expect(settlement).not.toHaveProperty("cost");
    expect(shown).toBeUndefined();
  });
});

/** The corpus's names of streams: whose callers get them, and the format they come in when it is another one. */
const STREAMS: Readonly<Record<string, readonly [Endpoint, AnswerFormat?]>> = {
  chat: ["chat.completions"],
  completions: ["completions"],
  responses: ["responses"],
  messages: ["messages"],
  "converse-stream": ["chat.completions", "bedrock-converse"],
  "invoke-with-response-stream": ["messages", "bedrock-invoke"],
  streamGenerateContent: ["chat.completions", "gemini-generate-content"],
};

const streams = corpusCases()?.flatMap((recorded) => {
  const as = STREAMS[recorded.endpoint];
  return as && recorded.streaming && recorded.outcome === "ok" ? [{ recorded, as }] : [];
});

describe.runIf(streams !== undefined)("the cost of a recorded stream that broke off", () => {
  const REQUEST = Buffer.from('{"model":"m","messages":[{"role":"user","content":"one two three"}]}');

  it.each((streams ?? []).map((stream) => [stream.recorded.id, stream] as const))(
    "%s is known, and never zero",
    async (_id, { recorded, as: [endpoint, format] }) => {
      const bytes = corpusBody(recorded);
      const broken = await billed(
        endpoint,
        {
          request: { contentType: "application/json", body: corpusRequest(recorded) ?? REQUEST },
          streaming: true,
          answer: answer(Buffer.from(bytes.subarray(0, Math.floor(bytes.length * 0.6))), {
            headers: { "content-type": recorded.responseHeaders["content-type"] ?? "text/event-stream" },
            ...(format && { format }),
          }),
          outcome: { kind: "failed", code: "upstream_broken", message: "gone" },
        },
        { "openai/m": { input: "1", output: "2" } },
      );
      expect(broken.billing?.cost.status).toBe("priced");
      expect(broken.settlement?.cost).toBeGreaterThan(0n);
      expect(broken.shown).toBe(toUsdNumber(broken.settlement?.cost ?? parseUsd("0")));
    },
  );
});
