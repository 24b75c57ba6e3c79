/** What messages cost, where Anthropic bills more than the answer's own usage says, or less is known of it. */
import { observe } from "@sluice/flusher";
import { formatUsd, loadCatalogue, type PriceOverrides } from "@sluice/prices";
import type { ExchangeRecord } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { bill } from "../../../packages/flusher/src/bill.ts";
import { corpusBody, corpusCases, corpusExpectation } from "../../support/corpus.ts";
import { blockEvents, message, messageEvents, messageStream } from "../../support/message-bodies.ts";
import { answer, chatRecord } from "../../support/records.ts";

// Dollars for a million tokens, so that the sums below can be followed.
const PRICES: PriceOverrides = {
  "anthropic/claude-executor": { input: "3", output: "15", cachedInput: "0.3" },
  "anthropic/claude-advisor": { input: "10", output: "50" },
};

async function billed(body: object | string, fields: Partial<ExchangeRecord> = {}) {
  const record = chatRecord({
    endpoint: "messages",
    attempts: chatRecord().attempts.map((attempt) => ({
      ...attempt,
      provider: "anthropic",
      model: "claude-executor",
    })),
    answer: answer(typeof body === "string" ? body : JSON.stringify(body)),
    ...fields,
  });
  const billing = bill(observe(record), await loadCatalogue(PRICES));
  const cost = billing?.cost;
  return {
    usage: billing?.usage,
    estimated: billing?.usageEstimated,
    cost: cost?.status === "priced" ? formatUsd(cost.total) : cost?.reason,
    model: cost?.status === "priced" ? cost.model : undefined,
  };
}

const executed = (usage: object) => message({ model: "claude-executor", usage });

describe("the bill of a message", () => {
  it("has a compaction in it, which the answer's own usage leaves out", async () => {
    const iterations = [
      { type: "compaction", input_tokens: 100, cache_read_input_tokens: 50_000, output_tokens: 80 },
      { type: "message", input_tokens: 200, output_tokens: 10 },
    ];
    const { usage, cost } = await billed(executed({ input_tokens: 200, output_tokens: 10, iterations }));
    expect(usage).toMatchObject({ input: 300, cacheRead: 50_000, output: 90, requests: 1 });
    // 300 x $3 + 50,000 x $0.30 + 90 x $15, for a million each.
    expect(cost).toBe("0.01725");
  });

  it("has each model's calls at that model's price", async () => {
    const iterations = [
      { type: "message", input_tokens: 1_000, output_tokens: 100 },
      { type: "advisor_message", model: "claude-advisor", input_tokens: 2_000, output_tokens: 50 },
      { type: "message", input_tokens: 1_500, output_tokens: 20 },
    ];
    const whole = {
      input_tokens: 2_500,
      output_tokens: 120,
      output_tokens_details: { thinking_tokens: 110 },
      server_tool_use: { web_search_requests: 2 },
      iterations,
    };
    const { usage, cost, model } = await billed(executed(whole));
    // Thinking is known of the whole answer alone; it is output, and counted once.
    expect(usage).toMatchObject({ input: 4_500, output: 60, reasoning: 110, requests: 1, webSearches: 2 });
    // 2,500 x $3 + 120 x $15, and 2,000 x $10 + 50 x $50.
    expect(cost).toBe("0.0318");
    expect(model).toBe("anthropic/claude-executor + anthropic/claude-advisor");
  });

  it("is unknown, and not cheaper, when one of its models has no price", async () => {
    const iterations = [
      { type: "message", input_tokens: 1, output_tokens: 1 },
      { type: "advisor_message", model: "claude-nobody-knows", input_tokens: 1, output_tokens: 1 },
    ];
    const { cost } = await billed(executed({ input_tokens: 1, output_tokens: 1, iterations }));
    expect(cost).toContain("claude-nobody-knows");
  });

  it("counts the output of a stream that broke off, of which only the start's usage came", async () => {
    const said = "word ".repeat(400);
    const events = messageEvents(
      blockEvents(0, { type: "text", text: "" }, [{ type: "text_delta", text: said }]),
      { start: { model: "claude-executor", usage: { input_tokens: 1_000, output_tokens: 1 } } },
    );
    const { usage, estimated } = await billed(messageStream(events.slice(0, 3)));
    expect(estimated).toBe(true);
    expect(usage?.input).toBe(1_000);
    expect(usage?.output).toBeGreaterThan(200);
  });

  it("is none for counting tokens", async () => {
    const counted = await billed({ input_tokens: 1_114 }, { endpoint: "messages.count_tokens" });
    expect(counted.usage).toBeUndefined();
  });
});

/** Recorded answers for which Anthropic billed several calls, with the rows that an independent reader found. */
const several = (corpusCases() ?? []).flatMap((recorded) => {
  const rows = corpusExpectation(recorded)?.usage?.billing;
  return rows ? [{ id: recorded.id, recorded, rows }] : [];
});

describe.runIf(several.length > 0)("the bill of a recorded message", () => {
  it.each(several)("is the sum of all calls behind $id", async ({ recorded, rows }) => {
    const { usage } = await billed(Buffer.from(corpusBody(recorded)).toString());
    const sum = (field: "input" | "cacheRead" | "cacheWrite" | "output") =>
      rows.reduce((total, row) => total + row[field], 0);
    expect(usage).toMatchObject({ input: sum("input"), cacheRead: sum("cacheRead") });
    expect((usage?.cacheWrite5m ?? 0) + (usage?.cacheWrite1h ?? 0)).toBe(sum("cacheWrite"));
    expect((usage?.output ?? 0) + (usage?.reasoning ?? 0)).toBe(sum("output"));
  });
});
