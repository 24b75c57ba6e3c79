/** Our integers against the library's own doubles, over every model of the providers that matter most. */
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { costOf, NO_USAGE, toUsdNumber } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { libraryPrice } from "../../../packages/prices/src/catalogue/library-price.ts";
import { priced } from "./arbitraries.ts";

const AT_MS = Date.parse("2026-11-20T12:00:00Z");
const PROVIDERS = [
  "anthropic",
  "aws",
  "azure",
  "cohere",
  "deepseek",
  "google",
  "groq",
  "mistral",
  "openai",
  "x-ai",
];

describe("the arithmetic", () => {
  it.each(PROVIDERS)("agrees with the library's for every model of %s, short and long", (providerId) => {
    const models = findProvider({ providerId })?.models ?? [];
    let compared = 0;
    for (const { id } of models) {
      const price = libraryPrice(providerId, id, AT_MS);
      if (price.status === "unpriced") continue;
      for (const scale of [1, 100]) {
        const usage = {
          ...NO_USAGE,
          input: 1234,
          cacheRead: 4321,
          cacheWrite5m: 777,
          output: 555,
          requests: 1,
        };
        const scaled = Object.fromEntries(
          Object.entries(usage).map(([bucket, count]) => [bucket, count * scale]),
        );
        const cost = costOf({ ...usage, ...scaled, requests: 1 }, price);
        if (cost.status === "unpriced") continue;
        const theirs = calcPrice(
          {
            input_tokens: (1234 + 4321 + 777) * scale,
            cache_read_tokens: 4321 * scale,
            cache_write_tokens: 777 * scale,
            output_tokens: 555 * scale,
          },
          id,
          { providerId, timestamp: new Date(AT_MS) },
        );
        expect(toUsdNumber(priced(cost).total), `${providerId}/${id}`).toBeCloseTo(
          theirs?.total_price ?? Number.NaN,
          9,
        );
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(models.length);
  });
});
