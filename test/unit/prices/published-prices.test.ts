import {
  type BilledUsage,
  type BillingTerms,
  BUCKETS,
  billedUsage,
  costOf,
  formatUsd,
  NO_USAGE,
  type PriceEntry,
  type Unpriced,
} from "@sluice/prices";
import { createCatalogue } from "@sluice/prices/catalogue";
import { assembleChatAnswer } from "@sluice/wire";
import { describe, expect, it } from "vitest";
import { priced } from "./arbitraries.ts";
import { PUBLISHED, type PublishedPrice } from "./published-prices.ts";

const catalogue = createCatalogue();
const FRIDAY_NOON = "2026-11-20T12:00:00Z";

describe("costs by the providers' published prices", () => {
  it("are checked for at least 25 models, over every bucket that a text call has", () => {
    const models = new Set(PUBLISHED.map(({ provider, model }) => `${provider}/${model}`));
    const buckets = new Set(PUBLISHED.flatMap(({ usage }) => Object.keys(usage)));
    expect(models.size).toBeGreaterThanOrEqual(25);
    expect(BUCKETS.filter((bucket) => !buckets.has(bucket))).toEqual(["imageInput", "requests"]);
  });

  it.each(PUBLISHED)("$provider/$model $terms: $sum is $usd", (row) => {
    expect(usdOf({ ...NO_USAGE, requests: 1, ...row.usage }, priceOf(row), row.terms)).toBe(row.usd);
  });

  const chat = PUBLISHED.filter(
    ({ usage }) => !usage.cacheWrite5m && !usage.cacheWrite1h && !usage.webSearches && usage.output,
  );

  it.each(chat)("$provider/$model $terms costs $usd, streamed or not", (row) => {
    const usage = { ...NO_USAGE, ...row.usage };
    const wire = JSON.stringify({
      id: "1",
      object: "chat.completion",
      model: row.model,
      choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
      usage: asChatUsage(usage),
    });
    const sse = [
      { choices: [{ index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: "stop" }] },
      { choices: [], usage: asChatUsage(usage) },
    ].map(
      (chunk) =>
        `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", model: row.model, ...chunk })}\n\n`,
    );
    for (const body of [wire, `${sse.join("")}data: [DONE]\n\n`]) {
      const answer = assembleChatAnswer([new TextEncoder().encode(body)], 200);
      if (!answer.ok || !answer.value.usage) throw new Error("the answer has no usage");
      const billed = billedUsage(answer.value.usage, answer.value.rawUsage);
      expect(usdOf(billed, priceOf(row), row.terms)).toBe(row.usd);
    }
  });
});

function priceOf({ provider, model, at = FRIDAY_NOON }: PublishedPrice) {
  return catalogue.find(provider, model, Date.parse(at));
}

function usdOf(usage: BilledUsage, price: PriceEntry | Unpriced, terms: BillingTerms | undefined) {
  return formatUsd(priced(costOf(usage, price, terms)).total);
}

/** The usage as OpenAI's chat format tells it: totals with details. */
function asChatUsage(usage: BilledUsage) {
  const prompt = usage.input + usage.cacheRead + usage.audioInput + usage.imageInput;
  const completion = usage.output + usage.reasoning + usage.audioOutput + usage.imageOutput;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: usage.audioInput },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput },
  };
}
