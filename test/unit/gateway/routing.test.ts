import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import {
  type Answerer,
  chatChunk,
  chatCompletion,
  DONE,
  json,
  sse,
  startUpstream,
} from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

type Route = Exclude<NonNullable<GatewaySetup["config"]["models"]>[string], string>;

/** A gateway with the alias `smart` and two providers, `a` and `b`. */
async function start(
  answers: { readonly a?: Answerer; readonly b?: Answerer },
  route: Partial<Route> = {},
  setup: Partial<GatewaySetup> = {},
) {
  const good = json(chatCompletion("Hello"));
  const [a, b] = await Promise.all([startUpstream(answers.a ?? good), startUpstream(answers.b ?? good)]);
  const waits: number[] = [];
  const gateway = await startGateway({
    apiKeys: { a: "key-a", b: "key-b" },
    wait: async (ms) => {
      waits.push(ms);
      await Promise.resolve();
    },
    ...setup,
    config: {
      providers: { a: { baseUrl: a.baseUrl }, b: { baseUrl: b.baseUrl } },
      models: { smart: { targets: ["a/one"], fallbacks: ["b/two"], retries: 0, ...route } },
      ...setup.config,
    },
  });
  stops.push(a.stop, b.stop, gateway.stop);
  return { a, b, gateway, waits };
}

function ask(gateway: TestGateway, extra: object = {}, headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.secret}`, ...headers },
    body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hi" }], ...extra }),
  });
}

const error = (status: number, message: string, headers: Record<string, string> = {}) =>
  json({ error: { message, type: "error", code: null } }, status, headers);

/** Answers with a stream's head and its first chunks, and then nothing more. */
const silentAfter =
  (...chunks: readonly string[]): Answerer =>
  (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (const chunk of chunks) response.write(chunk);
  };

const reset = (_request: unknown, response: ServerResponse) => {
  response.destroy();
};

describe("a target that fails before the first byte", () => {
  it.each<[string, Answerer, object, string]>([
    ["resets the connection", reset, {}, "upstream_unreachable"],
    ["answers 429", error(429, "slow down"), {}, "http_429"],
    ["answers 500", error(500, "oh"), {}, "http_500"],
    ["answers 529", error(529, "overloaded"), {}, "http_529"],
    ["refuses its key", error(403, "no"), {}, "http_403"],
    ["has no such model", error(404, "no model"), {}, "http_404"],
    [
      "says nothing",
      () => {
        // Not even a status.
      },
      {},
      "upstream_timeout",
    ],
    ["says a status and nothing more", silentAfter(), { stream: true }, "upstream_timeout"],
    [
      "tells an error as first event of a stream",
      sse(['data: {"error":{"message":"x"}}\n\n']),
      { stream: true },
      "http_200",
    ],
    [
      "breaks off in the middle of a JSON body",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
        response.write('{"id":', () => response.destroy());
      },
      {},
      "upstream_broken",
    ],
    [
      "falls silent in the middle of a JSON body",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" }).write('{"id":');
      },
      {},
      "upstream_timeout",
    ],
  ])("and %s: the next one answers, and each try is in the record once", async (_what, a, request, code) => {
    const { gateway, b } = await start(
      { a, b: "stream" in request ? sse([chatChunk("Hello"), DONE]) : json(chatCompletion("Hello")) },
      { limits: { firstByteTimeoutMs: 300, idleTimeoutMs: 300 } },
    );
    const response = await ask(gateway, request);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Hello");
    expect(response.headers.get("x-sluice-attempts")).toBe("2");
    expect(response.headers.get("x-sluice-provider")).toBe("b");
    expect(response.headers.get("x-sluice-model")).toBe("two");
    expect(b.requests[0]?.headers.authorization).toBe("Bearer key-b");
    expect(gateway.records).toHaveLength(1);
    expect(gateway.records[0]?.attempts).toMatchObject([
      { provider: "a", model: "one", error: { code } },
      { provider: "b", model: "two", status: 200 },
    ]);
    expect(gateway.records[0]?.attempts[1]?.error).toBeUndefined();
  });

  it("is tried again as often as the route says, with growing waits", async () => {
    let calls = 0;
    const { gateway, waits, b } = await start(
      {
        a: (request, response) => {
          calls += 1;
          const answer = calls < 3 ? error(503, "later") : json(chatCompletion("Hello"));
          return answer(request, response);
        },
      },
      { retries: 2 },
    );
    expect((await ask(gateway)).status).toBe(200);
    expect(gateway.records[0]?.attempts.map(({ provider, status }) => [provider, status])).toEqual([
      ["a", 503],
      ["a", 503],
      ["a", 200],
    ]);
    expect(b.requests).toEqual([]);
    const [first = 0, second = 0] = waits;
    expect(first).toBeGreaterThanOrEqual(375);
    expect(first).toBeLessThanOrEqual(500);
    expect(second).toBeGreaterThanOrEqual(750);
    expect(second).toBeLessThanOrEqual(1000);
  });

  it("is left alone for as long as it asks when a caller can wait that long, and for the next one when not", async () => {
    const short = await start(
      { a: error(429, "x", { "retry-after": "2" }) },
      { retries: 1, fallbacks: ["b/two"] },
    );
    await ask(short.gateway);
    expect(short.waits).toEqual([2000]);
    const long = await start({ a: error(429, "x", { "retry-after": "60" }) }, { retries: 1 });
    await ask(long.gateway);
    expect(long.waits).toEqual([]);
    expect(long.a.requests).toHaveLength(1);
  });

  it.each<[string, Answerer]>([
    ["its quota is used up", error(429, "You exceeded your current quota (insufficient_quota)")],
    ["it says that a retry cannot help", error(500, "x", { "x-should-retry": "false" })],
  ])("is not tried again when %s", async (_why, a) => {
    const { gateway, ...upstreams } = await start({ a }, { retries: 3 });
    await ask(gateway);
    expect(upstreams.a.requests).toHaveLength(1);
    expect(upstreams.b.requests).toHaveLength(1);
  });

  it("is the answer when all others fail too: the last failure, byte for byte", async () => {
    const { gateway } = await start({
      a: error(500, "first"),
      b: error(503, "last", { "retry-after": "7" }),
    });
    const response = await ask(gateway);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.json()).toMatchObject({ error: { message: "last" } });
    expect(gateway.records).toMatchObject([{ outcome: { kind: "answered" }, answer: { status: 503 } }]);
  });

  it("is the answer when it is the request's own fault", async () => {
    const { gateway, b } = await start({ a: error(400, "temperature is too high") }, { retries: 2 });
    const response = await ask(gateway);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: "temperature is too high" } });
    expect(b.requests).toEqual([]);
  });
});

describe("a target that fails after the first byte", () => {
  it.each<[string, Answerer]>([
    ["falls silent between chunks", silentAfter(chatChunk("Hel"))],
    [
      "breaks off between chunks",
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(chatChunk("Hel"), () => response.destroy());
      },
    ],
  ])("and %s is told in the stream, and nobody else is asked", async (_what, a) => {
    const { gateway, b } = await start({ a }, { limits: { idleTimeoutMs: 200 }, retries: 3 });
    const text = await (await ask(gateway, { stream: true })).text();
    expect(text).toContain("Hel");
    expect(text).toMatch(/"code":"upstream_(timeout|broken)"/);
    expect(b.requests).toEqual([]);
    expect(gateway.records[0]?.attempts).toHaveLength(1);
  });

  it("and takes longer than a try may take is cut", async () => {
    const { gateway } = await start(
      {
        a: (_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const timer = setInterval(() => response.write(chatChunk("x")), 20);
          response.on("close", () => clearInterval(timer));
        },
      },
      { limits: { totalTimeoutMs: 300 } },
    );
    const text = await (await ask(gateway, { stream: true })).text();
    expect(text).toContain("upstream_timeout");
  });
});

describe("a request that its model cannot take", () => {
  const routes = { contextFallbacks: ["b/long"], contentFallbacks: ["b/lenient"] };

  it.each<[string, Answerer, string]>([
    ["OpenAI's code", error(400, "This model's maximum context length is 8192 tokens"), "long"],
    ["Anthropic's words", error(400, "prompt is too long: 209000 tokens > 200000 maximum"), "long"],
    ["Gemini's words", error(400, "The input token count (1200000) exceeds the maximum"), "long"],
    [
      "Azure's filter",
      error(400, "The response was filtered due to the prompt triggering content_filter"),
      "lenient",
    ],
  ])("goes to the model for that: %s", async (_whose, a, model) => {
    const { gateway, b } = await start({ a }, routes);
    const response = await ask(gateway);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-model")).toBe(model);
    expect(b.requests).toHaveLength(1);
  });
});

describe("which target a call goes to", () => {
  const byModel = async (gateway: TestGateway, headers: Record<string, string> = {}, calls = 1) => {
    const counts: Record<string, number> = {};
    for (let call = 0; call < calls; call++) {
      const model = (await ask(gateway, {}, headers)).headers.get("x-sluice-model") ?? "";
      counts[model] = (counts[model] ?? 0) + 1;
    }
    return counts;
  };

  it("is drawn by weight", async () => {
    const { gateway } = await start({}, { targets: ["a/main", { model: "b/canary", weight: 0.25 }] });
    const { main = 0, canary = 0 } = await byModel(gateway, {}, 200);
    expect(main + canary).toBe(200);
    // 40 of 200 are expected; the bounds are six standard deviations away.
    expect(canary).toBeGreaterThan(6);
    expect(canary).toBeLessThan(74);
  });

  it("stays the same for a session", async () => {
    const { gateway } = await start({}, { targets: ["a/main", "b/other"] });
    for (const session of ["s-1", "s-2", "s-3", "s-4"]) {
      const counts = await byModel(gateway, { "x-session-id": session }, 6);
      expect(Object.values(counts)).toEqual([6]);
    }
  });

  it.each<[string, Record<string, string>, string]>([
    ["a tag", { "x-sluice-tags": "beta,x" }, "tagged"],
    ["a tenant", { "x-sluice-tenant": "acme" }, "acme"],
    ["two conditions of which one holds", { "x-sluice-feature": "search" }, "main"],
    [
      "two conditions that both hold",
      { "x-sluice-feature": "search", "x-sluice-environment": "dev" },
      "search",
    ],
    ["none", {}, "main"],
  ])("follows the conditions: %s", async (_what, headers, model) => {
    const { gateway } = await start(
      {},
      {
        targets: [
          "a/main",
          { model: "b/tagged", when: { tags: ["beta"] } },
          { model: "b/acme", when: { tenants: ["acme"] } },
          { model: "b/search", when: { features: ["search"], environments: ["dev"] } },
        ],
      },
    );
    expect(await byModel(gateway, headers, 3)).toEqual({ [model]: 3 });
  });

  it("is another one while a target cools down, and that one again afterwards", async () => {
    let nowMs = Date.parse("2026-11-21T12:00:00Z");
    let healthy = false;
    const { gateway, a } = await start(
      {
        a: (request, response) => (healthy ? json(chatCompletion("Hi")) : error(503, "x"))(request, response),
      },
      { coolDownMs: 10_000 },
      { nowMs: () => nowMs },
    );
    expect(await byModel(gateway, {}, 3)).toEqual({ two: 3 });
    expect(a.requests).toHaveLength(1);
    healthy = true;
    nowMs += 10_001;
    expect(await byModel(gateway)).toEqual({ one: 1 });
  });

  it("is one that the key may use", async () => {
    const { gateway, a } = await start({}, {}, { key: { models: ["b/*"] } });
    expect(await byModel(gateway)).toEqual({ two: 1 });
    expect(a.requests).toEqual([]);
  });

  it("without a route is the one that the name means, and is tried once", async () => {
    const { gateway, b } = await start({ a: error(500, "x") });
    const response = await ask(gateway, { model: "a/one" });
    expect(response.status).toBe(500);
    expect(b.requests).toEqual([]);
  });
});
