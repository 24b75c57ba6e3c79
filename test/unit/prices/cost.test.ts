import {
  BUCKETS,
  type Bucket,
  billedUsage,
  billingTerms,
  costOf,
  formatUsd,
  NO_USAGE,
  type Rate,
  ratePerMillionTokens,
  ratePerRequest,
  sumCosts,
  sumUsd,
} from "@sluice/prices";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priced, priceOf, prices, terms, usages } from "./arbitraries.ts";

describe("the cost of a call", () => {
  it("is exactly the sum of its buckets", () => {
    fc.assert(
      fc.property(usages, prices, terms, (usage, price, terms) => {
        const cost = priced(costOf(usage, price, terms));
        expect(cost.total).toBe(sumUsd(Object.values(cost.buckets)));
      }),
    );
  });

  it("never falls when more of a bucket is used", () => {
    fc.assert(
      fc.property(
        usages,
        prices,
        terms,
        fc.constantFrom(...BUCKETS),
        fc.nat(1_000_000),
        (usage, price, terms, bucket, more) => {
          const less = priced(costOf(usage, price, terms));
          const cost = priced(costOf({ ...usage, [bucket]: usage[bucket] + more }, price, terms));
          expect(cost.total).toBeGreaterThanOrEqual(less.total);
        },
      ),
    );
  });

  it("charges a bucket nothing for what is in the others", () => {
    fc.assert(
      fc.property(usages, prices, (usage, price) => {
        const flat = { ...price, longContext: [] };
        const whole = priced(costOf(usage, flat));
        for (const bucket of BUCKETS) {
          const alone = priced(costOf({ ...NO_USAGE, [bucket]: usage[bucket] }, flat));
          expect(alone.total).toBe(whole.buckets[bucket]);
        }
      }),
    );
  });

  it("is the rational product, rounded half up once per bucket", () => {
    const decimals = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        fc.nat(50_000_000),
        fc.nat(1999),
        fc.nat(999_999_999_999),
        decimals,
        (tokens, whole, part, width) => {
          const fraction = width === 0 ? "" : `.${String(part).padStart(12, "0").slice(0, width)}`;
          const rate = ratePerMillionTokens(`${whole}${fraction}`);
          const cost = priced(costOf({ ...NO_USAGE, input: tokens }, priceOf({ input: rate })));
          // The same by another way: digits as a fraction over 10^width million tokens, in halves of a picodollar.
          const numerator = BigInt(`${whole}${fraction.slice(1)}`) * BigInt(tokens) * 2n * 10n ** 12n;
          const halves = numerator / (10n ** BigInt(width) * 1_000_000n);
          expect(cost.total).toBe((halves + 1n) / 2n);
        },
      ),
    );
  });

  it("falls back to the rate of the kind that a bucket is a part of", () => {
    const price = priceOf({ input: usd("2"), output: usd("8") });
    const cost = priced(
      costOf({ ...NO_USAGE, cacheRead: 1_000_000, cacheWrite1h: 1_000_000, reasoning: 1_000_000 }, price),
    );
    expect(formatUsd(cost.buckets.cacheRead)).toBe("2");
    expect(formatUsd(cost.buckets.cacheWrite1h)).toBe("2");
    expect(formatUsd(cost.buckets.reasoning)).toBe("8");
  });

  it("is unpriced, not cheaper, when something used has no rate", () => {
    const price = priceOf({ input: usd("0.02") });
    expect(costOf({ ...NO_USAGE, input: 5 }, price).status).toBe("priced");
    expect(costOf({ ...NO_USAGE, input: 5, output: 1 }, price)).toMatchObject({
      status: "unpriced",
      reason: expect.stringContaining("output") as string,
    });
  });

  it("is unpriced when a count is no whole number", () => {
    for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(costOf({ ...NO_USAGE, input: count }, priceOf({ input: usd("1") })).status).toBe("unpriced");
    }
  });

  it("is zero for a free model", () => {
    const cost = priced(
      costOf({ ...NO_USAGE, input: 9, output: 9 }, priceOf({ input: usd("0"), output: usd("0") })),
    );
    expect(cost.total).toBe(0n);
  });

  it("takes a tier's factor on tokens and leaves fees alone", () => {
    const price = {
      ...priceOf({ input: usd("1"), output: usd("1"), webSearches: fee("0.01") }),
      serviceTiers: { batch: { multiplier: { numerator: 1n, denominator: 2n } } },
    };
    const usage = { ...NO_USAGE, input: 1_000_000, webSearches: 1 };
    expect(formatUsd(priced(costOf(usage, price, { serviceTier: "batch" })).total)).toBe("0.51");
    expect(formatUsd(priced(costOf(usage, price, { serviceTier: "default" })).total)).toBe("1.01");
    expect(formatUsd(priced(costOf(usage, price, { serviceTier: "constructor" })).total)).toBe("1.01");
  });

  it("adds up several model calls, and has no total when one of them has no price", () => {
    const price = priceOf({ input: usd("1") });
    const one = costOf({ ...NO_USAGE, input: 1_000_000 }, price);
    expect(formatUsd(priced(sumCosts(one, one, one)).total)).toBe("3");
    expect(sumCosts(one, { status: "unpriced", reason: "none" }, one).status).toBe("unpriced");
  });
});

describe("rates", () => {
  it("refuses prices below zero, above the bound, or no number at all", () => {
    expect(ratePerMillionTokens("2000")).toBeDefined();
    for (const text of ["-0.1", "2000.01", "1e3", "NaN", ""])
      expect(ratePerMillionTokens(text)).toBeUndefined();
    expect(ratePerRequest("10")).toBeDefined();
    for (const text of ["-1", "10.5"]) expect(ratePerRequest(text)).toBeUndefined();
  });
});

describe("the usage that is billed", () => {
  it("keeps every token in one bucket, whatever the provider claims", () => {
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(
        fc.record({ input: count, output: count, part: fc.array(count, { minLength: 8, maxLength: 8 }) }),
        (drawn) => {
          const [
            read = 0,
            write = 0,
            audio = 0,
            reasoning = 0,
            audioOut = 0,
            hourly = 0,
            images = 0,
            drawnOut = 0,
          ] = drawn.part;
          const usage = billedUsage(
            {
              inputTokens: drawn.input,
              outputTokens: drawn.output,
              totalTokens: drawn.input + drawn.output,
              cacheReadTokens: read,
              cacheWriteTokens: write,
              inputAudioTokens: audio,
              reasoningTokens: reasoning,
              outputAudioTokens: audioOut,
            },
            {
              cache_creation: { ephemeral_1h_input_tokens: hourly },
              prompt_tokens_details: { image_tokens: images },
              completion_tokens_details: { image_tokens: drawnOut },
            },
          );
          const sum = (...buckets: Bucket[]) => buckets.reduce((total, bucket) => total + usage[bucket], 0);
          expect(Math.min(...Object.values(usage))).toBeGreaterThanOrEqual(0);
          expect(sum("input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "audioInput", "imageInput")).toBe(
            drawn.input,
          );
          expect(sum("output", "reasoning", "audioOutput", "imageOutput")).toBe(drawn.output);
        },
      ),
    );
  });

  it("splits Anthropic's cache writes by how long they last, and counts its searches", () => {
    const usage = billedUsage(
      { inputTokens: 1000, outputTokens: 5, totalTokens: 1005, cacheWriteTokens: 700 },
      {
        cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 500 },
        server_tool_use: { web_search_requests: 3 },
      },
    );
    expect(usage).toMatchObject({
      input: 300,
      cacheWrite5m: 200,
      cacheWrite1h: 500,
      webSearches: 3,
      requests: 1,
    });
  });

  it("splits Bedrock's cache writes by its own list of them", () => {
    const cacheDetails = [
      { ttl: "5m", inputTokens: 100 },
      { ttl: "1h", inputTokens: 400 },
      { ttl: "1h", inputTokens: 50 },
      null,
    ];
    const usage = { inputTokens: 1000, outputTokens: 5, totalTokens: 1005, cacheWriteTokens: 550 };
    expect(billedUsage(usage, { cacheDetails })).toMatchObject({
      input: 450,
      cacheWrite5m: 100,
      cacheWrite1h: 450,
    });
  });

  it("takes the terms from the answer", () => {
    expect(billingTerms({ serviceTier: "flex" })).toEqual({ serviceTier: "flex" });
    expect(
      billingTerms({ rawUsage: { service_tier: "batch", inference_geo: "us", search_context_size: "low" } }),
    ).toEqual({ serviceTier: "batch", inferenceGeo: "us", searchContext: "low" });
    expect(billingTerms({ serviceTier: "standard", rawUsage: { speed: "fast" } })).toEqual({
      serviceTier: "fast",
    });
  });
});

function usd(text: string): Rate {
  const rate = ratePerMillionTokens(text);
  if (rate === undefined) throw new Error(text);
  return rate;
}

function fee(text: string): Rate {
  const rate = ratePerRequest(text);
  if (rate === undefined) throw new Error(text);
  return rate;
}
