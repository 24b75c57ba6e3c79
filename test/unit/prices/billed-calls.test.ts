import "../../support/property-seed.ts";
import { BUCKETS, billedCallUsages, billedUsage, NO_USAGE, sumUsages } from "@sluice/prices";
import { type JsonObject, readBilledCalls, readMessagesUsage, type TokenUsage } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const count = fc.nat({ max: 100_000 });
const row = fc.record(
  {
    type: fc.constantFrom("message", "compaction", "advisor_message", "fallback_message"),
    model: fc.constantFrom("claude-a", "claude-b"),
    input_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
    cache_creation: fc.record({ ephemeral_1h_input_tokens: count }),
    output_tokens: count,
  },
  { requiredKeys: ["type", "input_tokens", "output_tokens"] },
);
const usage = fc.record(
  {
    input_tokens: count,
    output_tokens: count,
    output_tokens_details: fc.record({ thinking_tokens: count }),
    server_tool_use: fc.record({ web_search_requests: fc.nat({ max: 9 }) }),
    iterations: fc.array(row, { maxLength: 4 }),
  },
  { requiredKeys: ["input_tokens", "output_tokens"] },
);

function billed(rawUsage: JsonObject) {
  const counts = readMessagesUsage(rawUsage);
  const billedCalls = readBilledCalls(rawUsage);
  if (!counts) throw new Error("The usage has no counts.");
  return {
    counts,
    billedCalls,
    rows: billedCallUsages({ usage: counts, rawUsage, ...(billedCalls && { billedCalls }) }),
  };
}

const total = ({ inputTokens, outputTokens }: TokenUsage) => inputTokens + outputTokens;

describe("the calls that an answer is billed for", () => {
  it("have every token of every row in them once, and one request", () => {
    fc.assert(
      fc.property(usage, (raw) => {
        const { counts, billedCalls, rows } = billed(raw);
        const { requests, webSearches, ...tokens } = sumUsages(rows.map((each) => each.usage));
        const told = billedCalls?.map((call) => total(call.usage)) ?? [total(counts)];
        const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);
        expect(sum(Object.values(tokens))).toBe(sum(told));
        expect(requests).toBe(1);
        expect(webSearches).toBe(raw.server_tool_use?.web_search_requests ?? 0);
        for (const each of rows)
          for (const bucket of BUCKETS) expect(each.usage[bucket]).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("are the answer's own usage where it was the only call, and none without usage", () => {
    const raw = { input_tokens: 3, output_tokens: 4, output_tokens_details: { thinking_tokens: 2 } };
    const { counts, rows } = billed(raw);
    expect(rows).toEqual([{ usage: billedUsage(counts, raw) }]);
    expect(billedCallUsages({})).toEqual([]);
    expect(sumUsages([])).toEqual(NO_USAGE);
  });

  it("never take an advisor's output for thinking of the answer's", () => {
    const iterations = [
      { type: "message", input_tokens: 1, output_tokens: 5 },
      { type: "advisor_message", model: "claude-b", input_tokens: 1, output_tokens: 50 },
      { type: "message", input_tokens: 1, output_tokens: 5 },
    ];
    const { rows } = billed({
      input_tokens: 2,
      output_tokens: 10,
      output_tokens_details: { thinking_tokens: 8 },
      iterations,
    });
    expect(rows.map((each) => [each.usage.output, each.usage.reasoning])).toEqual([
      [0, 5],
      [50, 0],
      [2, 3],
    ]);
  });
});

describe("searches that only the output of an answer tells", () => {
  const counts: TokenUsage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };

  it("are billed", () => {
    expect(billedCallUsages({ usage: counts, webSearches: 2 })).toMatchObject([
      { usage: { webSearches: 2 } },
    ]);
  });

  it("are not billed twice where the usage tells them too", () => {
    const rawUsage = { server_tool_use: { web_search_requests: 3 } };
    expect(billedCallUsages({ usage: counts, rawUsage, webSearches: 2 })).toMatchObject([
      { usage: { webSearches: 3 } },
    ]);
  });
});
