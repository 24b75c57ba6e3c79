import { costOf, formatUsd, loadCatalogue, NO_USAGE, overrideRates, worstCaseCost } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { CORRECTIONS } from "../../../packages/prices/src/catalogue/corrections.ts";
import { libraryPrice } from "../../../packages/prices/src/catalogue/library-price.ts";
import { priced } from "./arbitraries.ts";

const AT_MS = Date.parse("2026-11-20T12:00:00Z");
const MILLION_EACH = { ...NO_USAGE, input: 1_000_000, cacheRead: 1_000_000, output: 1_000_000 };

describe("the catalogue", () => {
  it("says that it does not know a model, and what to do", async () => {
    const catalogue = await loadCatalogue();
    for (const [provider, model] of [
      ["openai", "gpt-of-tomorrow"],
      ["my-llm", "gpt-4o"],
      ["constructor", "__proto__"],
      ["openai", ""],
    ] as const) {
      const price = catalogue.find(provider, model, AT_MS);
      expect(price).toMatchObject({
        status: "unpriced",
        reason: expect.stringContaining("sluice.config.ts") as string,
      });
      expect(costOf(MILLION_EACH, price)).toBe(price);
    }
  });

  it("says unpriced for a row without a price that is not known to be free", async () => {
    const catalogue = await loadCatalogue();
    expect(catalogue.find("cerebras", "qwen-3-coder-480b", AT_MS).status).toBe("unpriced");
    expect(
      priced(costOf(MILLION_EACH, catalogue.find("openai", "omni-moderation-latest", AT_MS))).total,
    ).toBe(0n);
  });

  it("never throws for a moment that is none", async () => {
    const catalogue = await loadCatalogue();
    expect(catalogue.find("deepseek", "deepseek-v4-pro", Number.NaN).status).toBe("unpriced");
  });

  it("knows prices as of the call's day", async () => {
    const catalogue = await loadCatalogue();
    const inputOn = (day: string) =>
      priced(costOf({ ...NO_USAGE, input: 1000 }, catalogue.find("openai", "o3", Date.parse(day))));
    expect(formatUsd(inputOn("2025-06-09").total)).toBe("0.01");
    expect(formatUsd(inputOn("2025-06-10").total)).toBe("0.002");
  });

  it("bounds an answer by the model's own limit", async () => {
    const catalogue = await loadCatalogue();
    const worst = worstCaseCost(
      { inputBytes: 1000, cacheWrites: "none" },
      catalogue.find("openai", "gpt-4o", AT_MS),
    );
    // (1,000 + 1,024) × 2.50 + 16,384 × 10, and 12 picodollars for rounding.
    expect(worst).toMatchObject({ outputTokens: 16_384 });
    expect(worst.status === "priced" && formatUsd(worst.total)).toBe("0.168900000012");
  });
});

describe("corrections of the library", () => {
  it.each(CORRECTIONS)(
    "$models is still needed: the library differs from $page",
    ({ providers, models, price, longContext }) => {
      const [provider = ""] = providers;
      const names = models.map((glob) => glob.replace(/\*$/, ""));
      const caughtUp = names.every((name) => {
        const listed = libraryPrice(provider, name, AT_MS);
        return (
          listed.status === "known" &&
          Object.entries(overrideRates(price)).every(
            ([bucket, rate]) => Reflect.get(listed.rates, bucket) === rate,
          ) &&
          listed.longContext.length === (longContext ? 1 : 0)
        );
      });
      // deepseek-v4-pro has the right rates already, but takes the weekend's mornings for peak hours.
      expect(caughtUp).toBe(models.includes("deepseek-v4-pro*"));
    },
  );
});

describe("prices in the config", () => {
  const costWith = async (overrides: Parameters<typeof loadCatalogue>[0], provider: string, model: string) =>
    costOf(MILLION_EACH, (await loadCatalogue(overrides)).find(provider, model, AT_MS));

  it("win field by field, and leave the rest to the catalogue", async () => {
    const cost = priced(await costWith({ "openai/gpt-4o": { input: "2.2" } }, "openai", "gpt-4o"));
    expect(formatUsd(cost.buckets.input)).toBe("2.2");
    expect(formatUsd(cost.buckets.cacheRead)).toBe("1.25");
    expect(formatUsd(cost.buckets.output)).toBe("10");
    expect(cost.source).toBe("genai-prices + config");
  });

  it("price a model that nobody else knows", async () => {
    const overrides = {
      "my-llm/*": { input: "0.1", output: "0.2", perRequest: "0.001", maxOutputTokens: 100 },
    };
    const cost = priced(
      costOf({ ...MILLION_EACH, requests: 1 }, (await loadCatalogue(overrides)).find("my-llm", "any", AT_MS)),
    );
    expect(formatUsd(cost.total)).toBe("0.401");
  });

  it("hold in long context and in tiers with rates of their own", async () => {
    const catalogue = await loadCatalogue({ "*/g*": { output: "1" } });
    const long = catalogue.find("google", "gemini-2.5-pro", AT_MS);
    expect(formatUsd(priced(costOf({ ...NO_USAGE, input: 300_000, output: 1_000_000 }, long)).total)).toBe(
      "1.75",
    );
    const tier = catalogue.find("openai", "gpt-4.1", AT_MS);
    expect(
      formatUsd(priced(costOf({ ...NO_USAGE, output: 1_000_000 }, tier, { serviceTier: "priority" })).total),
    ).toBe("1");
  });

  it("are chosen by the exact name first, then by the longest glob", async () => {
    const overrides = {
      "*": { input: "1" },
      "openai/gpt-*": { input: "2" },
      "openai/gpt-4o": { input: "3" },
    };
    const inputOf = async (model: string) =>
      formatUsd(priced(await costWith(overrides, "openai", model)).buckets.input);
    expect(await inputOf("gpt-4o")).toBe("3");
    expect(await inputOf("gpt-4o-mini")).toBe("2");
    expect(await inputOf("o3")).toBe("1");
  });

  it("are refused with the model and the field when they are no prices", async () => {
    for (const input of ["-1", "cheap", "1e3", "2001", ""]) {
      await expect(loadCatalogue({ "openai/x": { input } })).rejects.toThrow(/prices\.openai\/x\.input/);
    }
    await expect(loadCatalogue({ "openai/x": { perRequest: "11" } })).rejects.toThrow(RangeError);
  });
});
