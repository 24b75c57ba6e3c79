/** What the gateway tells of a request when its answer has ended: once for each, with where its record is. */
import { afterEach, expect, it } from "vitest";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import { chatCompletion, json, startUpstream, type Upstream } from "../../support/upstream.ts";

let upstream: Upstream;
let gateway: TestGateway;

async function start(setup: Partial<GatewaySetup> = {}): Promise<void> {
  upstream = await startUpstream(json(chatCompletion("hi")));
  gateway = await startGateway({
    config: { providers: { openai: { baseUrl: upstream.baseUrl } } },
    ...setup,
  });
}

afterEach(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function call(key: string = gateway.secret): Promise<Response> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hello" }] }),
  });
  await response.arrayBuffer();
  return response;
}

/** The first that was told of, once it was. */
async function told() {
  await expect.poll(() => gateway.finished.length).toBe(1);
  return gateway.finished[0];
}

it("tells of an answered call with its ids, and where it was sent", async () => {
  await start();
  const { headers } = await call();
  expect(await told()).toMatchObject({
    traced: true,
    endpoint: "chat.completions",
    requestId: headers.get("x-sluice-request-id"),
    traceId: headers.get("x-sluice-trace-id"),
    keyId: gateway.records[0]?.key.id,
    outcome: "answered",
    provider: "openai",
    model: "gpt-4o",
    providerStatus: 200,
    attempts: 1,
    fellBack: false,
    fate: "queued",
  });
});

it.each([
  { fate: "spilled", send: async () => await Promise.resolve("spilled") },
  { fate: "logged", send: async () => await Promise.reject(new Error("The queue is away.")) },
])("says when a record was $fate", async ({ fate, send }) => {
  await start({ send });
  expect((await call()).status).toBe(200);
  expect(await told()).toMatchObject({ traced: true, fate });
});

it("tells of a refused call why, and that nobody was asked", async () => {
  await start({ key: { models: ["claude-*"] } });
  expect((await call()).status).toBe(403);
  const finished = await told();
  expect(finished).toMatchObject({
    outcome: "refused",
    code: "model_not_allowed",
    attempts: 0,
    fellBack: false,
  });
  expect(finished).not.toHaveProperty("provider");
});

it("tells of a call that no provider answered", async () => {
  await start();
  upstream.answer = (_request, response) => void response.destroy();
  expect((await call()).status).toBe(502);
  expect(await told()).toMatchObject({ outcome: "failed", provider: "openai", attempts: 1 });
});

it("tells of a call without a valid key, which has no trace", async () => {
  await start();
  expect((await call("sk-sluice-nobody")).status).toBe(401);
  expect(await told()).toMatchObject({ traced: false, status: 401, code: "invalid_api_key" });
  expect(gateway.records).toEqual([]);
});
