/** What calls cost, from their records to the ledger and to Langfuse. */
import { observe, settlementOf } from "@sluice/flusher";
import { callSpan, encodeSpan } from "@sluice/langfuse";
import {
  type Catalogue,
  formatUsd,
  loadCatalogue,
  type PriceOverrides,
  parseUsd,
  toUsdNumber,
} from "@sluice/prices";
import type { ExchangeRecord } from "@sluice/trace";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bill } from "../../../packages/flusher/src/bill.ts";
import { completion, delta, finish, sse } from "../../support/chat-bodies.ts";
import { attributesOf, type ReceivedSpan } from "../../support/langfuse-endpoint.ts";
import { answer, chatRecord } from "../../support/records.ts";

const ACCOUNTS = [{ ownerKind: "key", ownerId: "key_1", periodId: "none" }] as const;
const USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 100,
  prompt_tokens_details: { cached_tokens: 400 },
  completion_tokens_details: { reasoning_tokens: 30 },
};

function billedBy(catalogue: Catalogue, fields: Partial<ExchangeRecord>) {
  const record = chatRecord({ accounts: ACCOUNTS, ...fields });
  const observed = observe(record);
  const billing = bill(observed, catalogue);
  const settlement = settlementOf(record, billing);
  const span = JSON.parse(
    Buffer.from(encodeSpan(callSpan({ ...observed, ...(billing && { billing }) }))).toString(),
  ) as ReceivedSpan;
  const attributes = attributesOf(span);
  const details = (name: string) =>
    JSON.parse((attributes[`langfuse.observation.${name}_details`] as string | undefined) ?? "{}") as Record<
      string,
      number
    >;
  return { billing, settlement, attributes, cost: details("cost"), usage: details("usage") };
}

async function billed(fields: Partial<ExchangeRecord>, prices: PriceOverrides = {}) {
  return billedBy(await loadCatalogue(prices), fields);
}

const answered = (usage: object, rest: object = {}) => ({
  answer: answer(completion({ content: "Hello" }, { usage, ...rest })),
});

describe("the bill of a call", () => {
  it("is its usage at its model's price, the same in the ledger and in Langfuse", async () => {
    const { settlement, cost, usage } = await billed(answered(USAGE));
    // gpt-4o: $2.50, cached $1.25, output $10.00 a million.
    const total = parseUsd("0.003");
    expect(settlement).toMatchObject({
      cost: total,
      inputTokens: 1_000,
      outputTokens: 100,
      model: "openai/gpt-4o",
    });
    expect(cost).toEqual({
      input: 0.0015,
      input_cached_tokens: 0.0005,
      output: 0.0007,
      output_reasoning_tokens: 0.0003,
      total: 0.003,
    });
    expect(usage).toMatchObject({ input: 600, input_cached_tokens: 400, output: 70, total: 1_100 });
  });

  it("is the ledger's to the last digit, whatever was used, and no token is in it twice", async () => {
    const catalogue = await loadCatalogue();
    fc.assert(
      fc.property(
        fc.record({
          prompt_tokens: fc.nat({ max: 2_000_000 }),
          completion_tokens: fc.nat({ max: 200_000 }),
          prompt_tokens_details: fc.record({ cached_tokens: fc.nat({ max: 3_000_000 }) }),
          completion_tokens_details: fc.record({ reasoning_tokens: fc.nat({ max: 300_000 }) }),
        }),
        (usage) => {
          const { settlement, cost } = billedBy(catalogue, answered(usage));
          expect(cost["total"]).toBe(toUsdNumber(settlement?.cost ?? parseUsd("-1")));
          expect(settlement?.inputTokens).toBe(usage.prompt_tokens);
          expect(settlement?.outputTokens).toBe(usage.completion_tokens);
        },
      ),
    );
  });

  it("of a stream is that of its last usage", async () => {
    const body = sse([delta({ content: "Hi" }), finish("stop"), { ...delta({}), choices: [], usage: USAGE }]);
    const { settlement, billing } = await billed({
      streaming: true,
      answer: answer(body, { headers: { "content-type": "text/event-stream" } }),
    });
    expect(billing?.usageEstimated).toBe(false);
    expect(settlement?.cost).toBe(parseUsd("0.003"));
  });

  it("of a stream that broke off is counted from its text, and says so", async () => {
    const body = sse([delta({ content: "one two three four five six seven eight" })], { done: false });
    const { settlement, billing, attributes } = await billed({
      streaming: true,
      answer: answer(body, { headers: { "content-type": "text/event-stream" } }),
      outcome: { kind: "failed", code: "upstream_broken", message: "gone" },
    });
    expect(billing?.usageEstimated).toBe(true);
    expect(settlement?.outputTokens).toBeGreaterThanOrEqual(8);
    expect(settlement?.outputTokens).toBeLessThanOrEqual(16);
    expect(settlement?.inputTokens).toBeGreaterThan(0);
    expect(settlement?.cost).toBeGreaterThan(0n);
    expect(JSON.stringify(attributes)).toContain("usage_estimated");
  });

  it("does not read a picture's base64 as text when it must estimate", async () => {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: `data:image/png;base64,${"iVBORw0K".repeat(100_000)}` } },
    ];
    const body = Buffer.from(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }] }));
    const { settlement } = await billed({
      request: { contentType: "application/json", body },
      answer: answer(completion({ content: "A cat" }, { usage: undefined })),
    });
    expect(settlement?.inputTokens).toBeGreaterThan(500);
    expect(settlement?.inputTokens).toBeLessThan(3_000);
  });

  it("of an embedding that cannot be read has no output", async () => {
    const { settlement, billing } = await billed({
      endpoint: "embeddings",
      request: {
        contentType: "application/json",
        body: Buffer.from('{"model":"text-embedding-3-small","input":"some words to embed"}'),
      },
      attempts: chatRecord().attempts.map((attempt) => ({ ...attempt, model: "text-embedding-3-small" })),
      answer: answer(`{"data":[{"embedding":[0.1${",0.2".repeat(1_000)}`),
    });
    expect(billing?.usageEstimated).toBe(true);
    expect(settlement).toMatchObject({ outputTokens: 0 });
    expect(settlement?.cost).toBeGreaterThan(0n);
    expect(settlement?.cost).toBeLessThan(parseUsd("0.000001"));
  });

  it.each<[string, Partial<ExchangeRecord>]>([
    ["an error of the provider", { answer: answer('{"error":{"message":"no"}}', { status: 500 }) }],
    ["an error that is no JSON", { answer: answer("<html>busy</html>", { status: 502 }) }],
    ["an error that came with status 200", { answer: answer('{"error":{"message":"no"}}') }],
    ["no answer", { answer: undefined as never, outcome: { kind: "failed", code: "x", message: "x" } }],
    ["no attempt", { attempts: [], answer: undefined as never }],
  ])("is zero, and known, for %s", async (_name, fields) => {
    const record = chatRecord({ accounts: ACCOUNTS, ...fields });
    const { answer: given, ...rest } = record;
    const call = given ? record : rest;
    const billing = bill(observe(call), await loadCatalogue());
    expect(billing).toBeUndefined();
    expect(settlementOf(call, billing)).toMatchObject({ cost: 0n, inputTokens: 0, outputTokens: 0 });
  });

  it("is unknown for a model without a price, and never zero", async () => {
    const attempts = chatRecord().attempts.map((attempt) => ({ ...attempt, model: "nobody-lists-this" }));
    const { settlement, cost, usage, billing } = await billed({
      attempts,
      ...answered(USAGE, { model: "nobody-lists-this" }),
    });
    expect(billing?.cost.status).toBe("unpriced");
    expect(settlement).not.toHaveProperty("cost");
    expect(settlement?.inputTokens).toBe(1_000);
    expect(cost).toEqual({});
    expect(usage).toMatchObject({ total: 1_100 });
  });

  it("takes the config's price for the name that was asked for, and the catalogue's for the one that answered", async () => {
    const own = { "openai/gpt-4o": { input: "1", output: "1", cachedInput: "1", perRequest: "0.01" } };
    expect((await billed(answered(USAGE), own)).settlement?.cost).toBe(parseUsd("0.0111"));
    // Of another model answering under an alias of the provider's.
    const { settlement } = await billed(answered(USAGE, { model: "gpt-4o-mini-2024-07-18" }));
    expect(formatUsd(settlement?.cost ?? parseUsd("0"))).toBe("0.00018");
  });

  it("never throws, whatever the bodies hold", async () => {
    const catalogue = await loadCatalogue();
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.jsonValue(), fc.boolean(), (asked, said, usage, withUsage) => {
        const body = withUsage ? JSON.stringify({ choices: [], usage }) : said;
        const record = chatRecord({
          accounts: ACCOUNTS,
          request: { contentType: "application/json", body: Buffer.from(asked) },
          answer: answer(body),
        });
        const billing = bill(observe(record), catalogue);
        const settlement = settlementOf(record, billing);
        expect(Number.isSafeInteger(settlement?.inputTokens)).toBe(true);
        expect(Number.isSafeInteger(settlement?.outputTokens)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the settlement of a call", () => {
  it("is none for one that was not admitted", () => {
    expect(settlementOf(chatRecord({ accounts: [] }), undefined)).toBeUndefined();
  });

  it("has the holds of the accounts that set something aside", () => {
    const record = chatRecord({
      accounts: [
        { ownerKind: "key", ownerId: "key_1", periodId: "none", hold: { bucket: 5, amountUsd: "0.04" } },
        { ownerKind: "tenant", ownerId: "acme", periodId: "month#2026-11" },
      ],
    });
    const key = { owner: { kind: "key", id: "key_1" }, periodId: "none" };
    expect(settlementOf(record, undefined)).toMatchObject({
      accounts: [key, { owner: { kind: "tenant", id: "acme" }, periodId: "month#2026-11" }],
      holds: [{ account: key, bucket: 5, amount: parseUsd("0.04") }],
    });
  });
});
