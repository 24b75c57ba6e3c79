import { estimateTokens } from "@sluice/prices/estimate-tokens";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("the estimate of tokens", () => {
  // Counted with o200k_base, OpenAI's tokenizer: [text, tokens].
  const counted: readonly (readonly [string, number])[] = [
    [
      "The end of the answer means the trace is safe: the last bytes are released only after the queue has acknowledged the record.",
      25,
    ],
    [
      "Die Kosten eines Aufrufs werden einmal abgerechnet, und zwar auf die letzte Stelle genau, gleich wie oft die Nachricht zugestellt wird.",
      28,
    ],
    [
      "export function sumUsd(amounts: Iterable<bigint>): bigint {\n  let sum = 0n;\n  for (const amount of amounts) sum += amount;\n  return sum;\n}",
      39,
    ],
    ["人工智能网关按照供应商公布的价格计算每次调用的费用，并把结果写入账本。", 24],
  ];

  it.each(counted)("of %j is within a quarter of %d", (text, tokens) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(tokens * 0.75);
    expect(estimateTokens(text)).toBeLessThanOrEqual(tokens * 1.25 + 1);
  });

  it("counts dense text, such as base64, by its characters", () => {
    const base64 = Buffer.from(
      Array.from({ length: 3000 }, (_, index) => (index * index * 31) % 251),
    ).toString("base64");
    expect(estimateTokens(base64)).toBe(Math.ceil(base64.length * 0.7));
  });

  it("is a whole number, never negative, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        expect(estimateTokens(text)).toBeGreaterThanOrEqual(0);
        expect(Number.isSafeInteger(estimateTokens(text))).toBe(true);
      }),
    );
    expect(estimateTokens("")).toBe(0);
  });
});
