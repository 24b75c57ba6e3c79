/** Recorded answers through the catalogue: which models have a price, and that none throws. */
import { type Cost, costOf, NO_USAGE } from "@sluice/prices";
import { createCatalogue } from "@sluice/prices/catalogue";
import { describe, expect, test } from "vitest";
import { corpusCases, corpusExpectation } from "../../support/corpus.ts";

/** When the newest recordings were made. */
const AT_MS = Date.parse("2026-11-01T12:00:00Z");

/** Run by oneself, or not in the library at all. */
const WITHOUT_PRICES = [
  "ollama",
  "lmstudio",
  "crusoe",
  "huggingface",
  "snowflake",
  "alibaba",
  "bedrock-mantle",
];

const cases = corpusCases();

describe.runIf(cases !== undefined)("recorded answers", () => {
  const catalogue = createCatalogue();
  const costs = (cases ?? []).flatMap((recorded) => {
    const { provider, model } = recorded as typeof recorded & { provider: string; model: string | null };
    const expected = corpusExpectation(recorded);
    const usage = expected?.usage;
    const name = expected?.model ?? model;
    if (!usage || !name) return [];
    const reasoning = Math.min(usage.reasoning ?? 0, usage.output);
    const billed = {
      ...NO_USAGE,
      input: Math.max(0, usage.input),
      cacheRead: usage.cacheRead,
      cacheWrite5m: usage.cacheWrite,
      output: usage.output - reasoning,
      reasoning,
      requests: 1,
    };
    const cost: Cost = costOf(billed, catalogue.find(provider, name, AT_MS));
    return [{ provider, name, billed, cost }];
  });

  test("of providers that publish prices are nearly all priced", () => {
    const sold = costs.filter(({ provider }) => !WITHOUT_PRICES.includes(provider));
    const unknown = sold.filter(({ cost }) => cost.status === "unpriced");
    expect(unknown.length / sold.length).toBeLessThan(0.1);
  });

  test("cost something when they used something, unless the model is free", () => {
    const free = costs.filter(
      ({ name, cost, billed }) =>
        !name.endsWith(":free") &&
        cost.status === "priced" &&
        cost.total === 0n &&
        billed.input + billed.output > 0,
    );
    expect(free.map(({ provider, name }) => `${provider}/${name}`)).toEqual([]);
  });
});
