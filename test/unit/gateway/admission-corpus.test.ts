/** What a strict budget would have reserved for recorded requests, against what their answers were billed. */
import { observe } from "@sluice/flusher";
import { loadCatalogue, worstCaseCost } from "@sluice/prices";
import type { Endpoint } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { bill } from "../../../packages/flusher/src/bill.ts";
import {
  boundsAt,
  requestBounds,
  requestTerms,
} from "../../../packages/gateway/src/admission/request-bounds.ts";
import { parseJson, readInferenceRequest } from "../../../packages/gateway/src/inference-request.ts";
import { type CorpusCase, corpusBody, corpusCases, corpusRequest } from "../../support/corpus.ts";
import { answer, chatRecord } from "../../support/records.ts";

/** The endpoints of callers by the corpus's names; its other requests are in formats that no caller speaks. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  chat: "chat.completions",
  completions: "completions",
  responses: "responses",
  messages: "messages",
  embeddings: "embeddings",
};

/** When the newest recordings were made. */
const AT_MS = Date.parse("2026-11-01T12:00:00Z");

const cases = corpusCases()?.flatMap((recorded) => {
  const endpoint = ENDPOINTS[recorded.endpoint];
  const request = corpusRequest(recorded);
  // Of some, what was asked is not in the recording.
  const isWhole = request && !Buffer.from(request).includes('"_omitted"');
  return endpoint && isWhole && recorded.outcome === "ok" ? [{ recorded, endpoint, request }] : [];
});

describe.runIf(cases !== undefined)("the bounds of recorded requests", async () => {
  const catalogue = await loadCatalogue();

  function outcome(recorded: CorpusCase, endpoint: Endpoint, body: Uint8Array) {
    const request = readInferenceRequest(Buffer.from(body), parseJson(Buffer.from(body)));
    const { provider } = recorded;
    const { model } = request;
    const bounds = boundsAt(requestBounds(request, endpoint), request, { provider, model }, undefined);
    if (bounds.unbounded)
      return { kind: "refused", why: bounds.unbounded.param ?? bounds.unbounded.reason } as const;
    const price = catalogue.find(provider, model, AT_MS);
    const worst = worstCaseCost(bounds, price);
    if (worst.status === "unpriced") return { kind: "refused", why: "price" } as const;
    const asked = worstCaseCost(bounds, price, requestTerms(request));
    const reserved = asked.status === "priced" && asked.total > worst.total ? asked.total : worst.total;
    const record = chatRecord({
      endpoint,
      request: { contentType: "application/json", body },
      attempts: chatRecord().attempts.map((attempt) => ({ ...attempt, provider, model })),
      answer: answer(Buffer.from(corpusBody(recorded)), {
        status: recorded.status,
        headers: { "content-type": recorded.streaming ? "text/event-stream" : "application/json" },
      }),
      times: { ...chatRecord().times, startedAtMs: AT_MS },
    });
    const billing = bill(observe(record), catalogue);
    if (billing?.cost.status !== "priced") return { kind: "unbilled" } as const;
    return { kind: "billed", reserved, cost: billing.cost.total } as const;
  }

  const outcomes = (cases ?? []).map(({ recorded, endpoint, request }) => ({
    id: recorded.id,
    ...outcome(recorded, endpoint, request),
  }));

  it("are never below the bill", () => {
    const billed = outcomes.flatMap((each) => (each.kind === "billed" ? [each] : []));
    expect(billed.filter(({ reserved, cost }) => reserved < cost)).toEqual([]);
    expect(billed.length).toBeGreaterThan(80);
  });

  it("are none where the provider works on its own, and only there", () => {
    const refused = outcomes.flatMap((each) => (each.kind === "refused" ? [each.why] : []));
    const known = ["model", "tools", "mcp_servers", "search_settings", "context_management", "price"];
    expect([...new Set(refused)].filter((why) => !known.includes(why))).toEqual([]);
    expect(refused).toContain("tools");
  });
});
