import type { VirtualKey } from "@sluice/keys";
import { afterEach, describe, expect, it } from "vitest";
import { type GatewaySetup, startGateway } from "../../support/gateway.ts";
import { json, startUpstream } from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function start(setup: Partial<GatewaySetup> = {}) {
  const upstream = await startUpstream(
    json({ object: "list", data: [{ id: "gpt-4o", object: "model", x: 1 }] }),
  );
  const gateway = await startGateway({
    config: { providers: { openai: { baseUrl: upstream.baseUrl } }, models: { fast: "openai/gpt-4o" } },
    ...setup,
  });
  stops.push(upstream.stop, gateway.stop);
  return gateway;
}

describe("who may call", () => {
  it.each([
    ["no key", {}],
    ["an empty key", { authorization: "Bearer " }],
    ["a provider's key", { authorization: "Bearer sk-proj-1" }],
    ["a key that does not exist", { authorization: "Bearer sk-sluice-nobody" }],
    ["basic credentials", { authorization: "Basic sk-sluice-x" }],
  ])("%s gets 401 in OpenAI's shape, and no record", async (_what, headers) => {
    const gateway = await start();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: "{}",
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toMatchObject({
      error: { type: "authentication_error", code: "invalid_api_key", param: null },
    });
    expect(gateway.records).toHaveLength(0);
  });

  it.each<[string, Partial<VirtualKey>]>([
    ["blocked", { status: "blocked" }],
    ["expired", { expiresAtMs: 1 }],
  ])("a %s key gets 401", async (_what, key) => {
    const gateway = await start({ key });
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${gateway.secret}` },
    });
    expect(response.status).toBe(401);
  });

  it.each(["authorization", "x-api-key", "api-key"])("a key is read from %s", async (header) => {
    const gateway = await start();
    const value = header === "authorization" ? `Bearer ${gateway.secret}` : gateway.secret;
    const response = await fetch(`${gateway.url}/v1/models`, { headers: { [header]: value } });
    expect(response.status).toBe(200);
  });

  it("a key store that is away gives 503, which may be retried", async () => {
    const gateway = await start({ findByHash: () => Promise.reject(new Error("no table")) });
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${gateway.secret}` },
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: "key_store_unavailable" } });
  });
});

describe("what may be called", () => {
  it("answers its health without a key", async () => {
    const gateway = await start();
    const response = await fetch(`${gateway.url}/health`);
    expect(await response.json()).toEqual({ status: "ok", version: "0.0.0-test" });
  });

  it("lists aliases and the provider's models with all their fields", async () => {
    const gateway = await start();
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${gateway.secret}` },
    });
    expect(await response.json()).toEqual({
      object: "list",
      data: [
        { id: "fast", object: "model", created: 0, owned_by: "openai" },
        { id: "gpt-4o", object: "model", x: 1 },
      ],
    });
  });

  it("answers HEAD /, which Claude Code asks before its first call", async () => {
    const gateway = await start();
    expect((await fetch(gateway.url, { method: "HEAD" })).status).toBe(200);
  });

  it("lists models in Anthropic's shape to a client of Anthropic's", async () => {
    const gateway = await start();
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { "x-api-key": gateway.secret, "anthropic-version": "2023-06-01" },
    });
    expect(await response.json()).toMatchObject({
      data: [
        { type: "model", id: "fast", display_name: "fast", created_at: "1970-01-01T00:00:00.000Z" },
        { type: "model", id: "gpt-4o", x: 1 },
      ],
      has_more: false,
      first_id: "fast",
      last_id: "gpt-4o",
    });
  });

  it("tells of one model, and of none that the key may not use", async () => {
    const gateway = await start({ key: { models: ["fast"] } });
    const get = (name: string) =>
      fetch(`${gateway.url}/v1/models/${name}`, { headers: { authorization: `Bearer ${gateway.secret}` } });
    expect(await (await get("fast")).json()).toMatchObject({ id: "fast", object: "model" });
    const refused = await get("gpt-4o");
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ error: { code: "model_not_found" } });
  });

  it("has no model whose name is no text", async () => {
    const gateway = await start();
    const headers = { authorization: `Bearer ${gateway.secret}` };
    expect((await fetch(`${gateway.url}/v1/models/%E0%A4%A`, { headers })).status).toBe(404);
  });

  it.each([
    ["GET", "/v1/chat/completions", 405, "method_not_allowed"],
    ["POST", "/v1/models", 405, "method_not_allowed"],
    ["DELETE", "/health", 405, "method_not_allowed"],
    ["DELETE", "/", 405, "method_not_allowed"],
    ["GET", "/v2/models", 404, "unknown_path"],
    ["POST", "/v1/chat/completions/", 404, "unknown_path"],
  ])("%s %s gives %i", async (method, path, status, code) => {
    const gateway = await start();
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.has("allow")).toBe(status === 405);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code } });
  });
});
