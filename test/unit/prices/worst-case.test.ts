import {
  ATTACHMENT_TOKENS,
  costOf,
  DEFAULT_MAX_OUTPUT_TOKENS,
  INPUT_OVERHEAD_TOKENS,
  loadCatalogue,
  NO_USAGE,
  type Rate,
  type RequestBounds,
  worstCaseCost,
} from "@sluice/prices";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priced, priceOf, prices, terms } from "./arbitraries.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("the worst case of a request", () => {
  it("is never below the cost of any usage that the request allows", () => {
    fc.assert(
      fc.property(
        fc.record({
          inputBytes: fc.nat(400_000),
          images: fc.nat(3),
          maxOutputTokens: fc.nat(200_000),
          choices: fc.integer({ min: 1, max: 4 }),
          cacheWrites: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
          webSearches: fc.nat(5),
        }),
        prices,
        terms,
        fc.array(share, { minLength: 9, maxLength: 9 }),
        ({ images, ...request }, price, terms, shares) => {
          const bounds: RequestBounds = { ...request, attachments: { image: images } };
          const text = takeFrom(request.inputBytes + INPUT_OVERHEAD_TOKENS, shares.slice(0, 4));
          const media = takeFrom(images * ATTACHMENT_TOKENS.image, shares.slice(4, 6));
          const output = takeFrom(request.maxOutputTokens * request.choices, shares.slice(6, 9));
          const usage = {
            ...NO_USAGE,
            cacheRead: text.parts[0] ?? 0,
            cacheWrite5m: request.cacheWrites === "none" ? 0 : (text.parts[1] ?? 0),
            cacheWrite1h: request.cacheWrites === "1h" ? (text.parts[2] ?? 0) : 0,
            input: text.rest,
            imageInput: media.parts[0] ?? 0,
            audioInput: media.rest,
            reasoning: output.parts[0] ?? 0,
            audioOutput: output.parts[1] ?? 0,
            imageOutput: output.parts[2] ?? 0,
            output: output.rest,
            requests: 1,
            webSearches: request.webSearches,
          };
          const worst = worstCaseCost(bounds, price, terms);
          if (worst.status === "unpriced") throw new Error(worst.reason);
          expect(worst.total).toBeGreaterThanOrEqual(priced(costOf(usage, price, terms)).total);
        },
      ),
    );
  });

  it("takes the model's own limit when the request sets none, and a default when that is not known", () => {
    const price = priceOf({ input: 1n as Rate, output: 1n as Rate });
    const outputOf = (request: Partial<RequestBounds>, limit?: number) =>
      worstCaseCost(
        { inputBytes: 10, ...request },
        { ...price, ...(limit !== undefined && { maxOutputTokens: limit }) },
      );
    expect(outputOf({})).toMatchObject({ outputTokens: DEFAULT_MAX_OUTPUT_TOKENS });
    expect(outputOf({}, 4096)).toMatchObject({ outputTokens: 4096 });
    expect(outputOf({ maxOutputTokens: 100, choices: 3 }, 4096)).toMatchObject({ outputTokens: 300 });
  });

  it("is zero for a free model, so that nothing is reserved", () => {
    const free = priceOf({ input: 0n as Rate, output: 0n as Rate });
    expect(worstCaseCost({ inputBytes: 100_000 }, free)).toMatchObject({ status: "priced", total: 0n });
  });

  it("is as much as the model takes in, for a request that names what it does not carry, or holds a file", () => {
    const price = { ...priceOf({ input: 1n as Rate, output: 1n as Rate }), contextWindow: 900_000 };
    const inputOf = (request: Partial<RequestBounds>) => worstCaseCost({ inputBytes: 10, ...request }, price);
    expect(inputOf({ fillsContext: true })).toMatchObject({ inputTokens: 900_000 });
    expect(inputOf({ attachments: { file: 1 } })).toMatchObject({ inputTokens: 900_000 });
    expect(inputOf({ inputBytes: 2_000_000, fillsContext: true })).toMatchObject({ inputTokens: 2_001_024 });
    expect(inputOf({ attachments: { image: 1 } })).toMatchObject({ inputTokens: 51_034 });
  });

  it("is unknown for such a request where nobody knows how much the model takes in, unless it is free", () => {
    const unknown = worstCaseCost(
      { inputBytes: 1, fillsContext: true },
      priceOf({ input: 1n as Rate, output: 1n as Rate }),
    );
    expect(unknown).toMatchObject({
      status: "unpriced",
      reason: expect.stringContaining("takes in") as string,
    });
    const free = priceOf({ input: 0n as Rate, output: 0n as Rate });
    expect(worstCaseCost({ inputBytes: 1, fillsContext: true }, free)).toMatchObject({ total: 0n });
  });

  it("is unknown, and not zero, where the price has no rate for what the request must use", () => {
    const fee = priceOf({ requests: 5_000_000n as Rate });
    const unmetered = worstCaseCost({ inputBytes: 1, unmetered: true }, fee);
    expect(unmetered).toMatchObject({ status: "priced" });
    expect(unmetered.status === "priced" && unmetered.total >= 5n).toBe(true);
    for (const [price, missing] of [
      [fee, "input"],
      [priceOf({ output: 1n as Rate }), "input"],
      [priceOf({ input: 1n as Rate }), "output"],
    ] as const) {
      const reason = expect.stringContaining(`no price for ${missing}`) as string;
      expect(worstCaseCost({ inputBytes: 1 }, price)).toMatchObject({ status: "unpriced", reason });
    }
    expect(
      worstCaseCost({ inputBytes: 1, maxOutputTokens: 0 }, priceOf({ input: 1n as Rate })),
    ).toMatchObject({
      status: "priced",
    });
  });

  it("of pictures is that of the largest ones, as many as are asked for", async () => {
    const price = (await loadCatalogue()).find("openai", "gpt-image-1", Date.parse("2026-11-01T12:00:00Z"));
    expect(worstCaseCost({ inputBytes: 100, choices: 3, unmetered: true }, price)).toMatchObject({
      status: "priced",
      outputTokens: 3 * 6_540,
    });
  });

  it("has cache writes in it that nothing in the request asks for, but for models that write none unasked", async () => {
    const catalogue = await loadCatalogue();
    const atMs = Date.parse("2026-11-01T12:00:00Z");
    const request = { inputBytes: 100_000, maxOutputTokens: 10, cacheWrites: "none" } as const;
    const sol = catalogue.find("openai", "gpt-5.6-sol", atMs);
    const written = costOf({ ...NO_USAGE, cacheWrite5m: 100_000, output: 10, requests: 1 }, sol);
    const worst = worstCaseCost(request, sol);
    expect(worst.status === "priced" && worst.total >= priced(written).total).toBe(true);
    const claude = catalogue.find("anthropic", "claude-sonnet-4-5", atMs);
    const [unasked, asked] = (["none", "5m"] as const).map((cacheWrites) =>
      worstCaseCost({ ...request, cacheWrites }, claude),
    );
    expect(unasked?.status === "priced" && asked?.status === "priced" && unasked.total < asked.total).toBe(
      true,
    );
  });

  it("is unknown for a model without a price", () => {
    expect(worstCaseCost({ inputBytes: 1 }, { status: "unpriced", reason: "none" })).toEqual({
      status: "unpriced",
      reason: "none",
    });
  });
});

/** Divides a whole into parts by shares of what is left, and the rest. */
function takeFrom(whole: number, shares: readonly number[]) {
  let rest = whole;
  const parts = shares.map((part) => {
    const taken = Math.floor(rest * part);
    rest -= taken;
    return taken;
  });
  return { parts, rest };
}
