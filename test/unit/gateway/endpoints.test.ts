import { afterEach, describe, expect, it } from "vitest";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import { type Answerer, json, sse, startUpstream } from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function start(
  answer: Answerer,
  provider: NonNullable<GatewaySetup["config"]["providers"]>[string] = {},
  setup: Partial<GatewaySetup> = {},
) {
  const upstream = await startUpstream(answer);
  const gateway = await startGateway({
    apiKeys: { it: "sk-provider" },
    ...setup,
    config: { providers: { it: { baseUrl: upstream.baseUrl, ...provider } }, models: { fast: "it/model-1" } },
  });
  stops.push(upstream.stop, gateway.stop);
  return { upstream, gateway };
}

function send(
  gateway: TestGateway,
  path: string,
  body: string | FormData | undefined,
  init: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
) {
  return fetch(gateway.url + path, {
    method: "POST",
    ...init,
    headers: { authorization: `Bearer ${gateway.secret}`, ...init.headers },
    ...(body !== undefined && { body }),
  });
}

describe("an endpoint of OpenAI's", () => {
  it.each([
    ["/v1/completions", "/v1/completions", "completions"],
    ["/v1/responses", "/v1/responses", "responses"],
    ["/v1/images/generations", "/v1/images/generations", "images.generations"],
    ["/v1/audio/speech", "/v1/audio/speech", "audio.speech"],
    ["/v1/moderations", "/v1/moderations", "moderations"],
    ["/v1/rerank", "/v1/rerank", "rerank"],
    ["/openai/v1/chat/completions", "/v1/chat/completions", "chat.completions"],
    ["/openai/deployments/gpt/embeddings", "/v1/embeddings", "embeddings"],
  ])("at %s is passed on to %s and recorded as %s", async (path, upstreamPath, endpoint) => {
    const { upstream, gateway } = await start(json({ new: "field" }), {
      speaks: ["openai-chat", "openai-responses"],
    });
    const body = '{"model":"model-1","unknown":1.0}';
    const response = await send(gateway, path, body);
    expect(await response.json()).toEqual({ new: "field" });
    expect(upstream.requests[0]).toMatchObject({ path: upstreamPath, body });
    expect(gateway.records).toMatchObject([{ endpoint, requestedModel: "model-1" }]);
  });

  it("takes a form with a file, renames an alias in it, and leaves the file byte for byte", async () => {
    const { upstream, gateway } = await start(json({ text: "Hello" }));
    const form = new FormData();
    form.set(
      "file",
      new Blob([new Uint8Array([0x2d, 0x2d, 0x0d, 0x0a, 0x41])], { type: "audio/wav" }),
      "a.wav",
    );
    form.set("model", "fast");
    form.set("language", "en");
    const response = await send(gateway, "/v1/audio/transcriptions", form);
    expect(await response.json()).toEqual({ text: "Hello" });
    const [received] = upstream.requests;
    const parsed = await new Response(received?.body, {
      headers: { "content-type": received?.headers["content-type"] ?? "" },
    }).formData();
    expect(parsed.get("model")).toBe("model-1");
    expect(parsed.get("language")).toBe("en");
    expect(await (parsed.get("file") as File).text()).toBe("--\r\nA");
    expect(gateway.records).toMatchObject([{ endpoint: "audio.transcriptions", requestedModel: "fast" }]);
  });

  it("refuses a form without a model, with a record", async () => {
    const { gateway } = await start(json({}));
    const form = new FormData();
    form.set("language", "en");
    const response = await send(gateway, "/v1/audio/transcriptions", form);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "missing_model", param: "model" } });
    expect(gateway.records).toMatchObject([{ outcome: { kind: "refused" } }]);
  });

  it("holds back the end of a responses stream until the queue has the record", async () => {
    const queue = Promise.withResolvers<void>();
    const events = [
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hi"}\n\n',
      'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_1"}}\n\n',
    ];
    const { gateway } = await start(
      sse(events),
      { speaks: ["openai-responses"] },
      { send: () => queue.promise },
    );
    const response = await send(gateway, "/v1/responses", '{"model":"model-1","stream":true}');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(events[0]);
    queue.resolve();
    expect((await reader?.read())?.value).toBe(events[1]);
  });
});

describe("an endpoint of Anthropic's", () => {
  it("is passed on with its query and its headers, and authenticated as Anthropic wants it", async () => {
    const { upstream, gateway } = await start(json({ type: "message" }), {
      auth: "x-api-key",
      speaks: ["anthropic-messages"],
      headers: { "anthropic-version": "2023-06-01" },
    });
    const response = await fetch(`${gateway.url}/v1/messages?beta=true`, {
      method: "POST",
      headers: { "x-api-key": gateway.secret, "anthropic-beta": "a,b", "anthropic-version": "2024-01-01" },
      body: '{"model":"model-1","max_tokens":1,"messages":[]}',
    });
    expect(await response.json()).toEqual({ type: "message" });
    expect(upstream.requests[0]).toMatchObject({
      path: "/v1/messages?beta=true",
      headers: { "x-api-key": "sk-provider", "anthropic-beta": "a,b", "anthropic-version": "2024-01-01" },
    });
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("does not get another provider's thinking, which it would refuse", async () => {
    const { upstream, gateway } = await start(json({ type: "message" }), { speaks: ["anthropic-messages"] });
    const said = { type: "text", text: 'a "sluice:" in a text stays' };
    const own = { type: "thinking", thinking: "mine", signature: "c2ln" };
    const foreign = { type: "thinking", thinking: "", signature: "sluice:gemini-generate-content:c2ln" };
    const body = (content: unknown) =>
      `{ "model": "model-1", "n": 1.0, "messages": ${JSON.stringify([{ role: "assistant", content }])} }`;
    await send(gateway, "/v1/messages", body([own, foreign, said]));
    expect(upstream.requests[0]?.body).toBe(body([own, said]));
  });

  it("tells errors in Anthropic's shape", async () => {
    const { gateway } = await start(json({}));
    const wrongKey = await fetch(`${gateway.url}/v1/messages`, { method: "POST", body: "{}" });
    expect(wrongKey.status).toBe(401);
    expect(await wrongKey.json()).toMatchObject({
      type: "error",
      error: { type: "authentication_error", code: "invalid_api_key" },
    });
    const noModel = await send(gateway, "/v1/messages", "{}");
    expect(await noModel.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", code: "missing_model" },
    });
  });

  it("tells in an event that the provider broke off", async () => {
    const { gateway } = await start(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('event: ping\ndata: {"type":"ping"}\n\n', () => response.destroy());
      },
      { speaks: ["anthropic-messages"] },
    );
    const response = await send(gateway, "/v1/messages", '{"model":"model-1","stream":true}');
    const text = await response.text();
    expect(text).toContain("event: error\n");
    expect(text).toContain('"code":"upstream_broken"');
  });

  it("that no operation of the provider can serve is refused", async () => {
    const { gateway } = await start(json({}));
    const response = await send(gateway, "/v1/messages/count_tokens", '{"model":"model-1"}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "endpoint_not_offered" } });
  });
});

describe("how a provider is told who calls", () => {
  it.each([
    ["bearer", "authorization", "Bearer sk-provider"],
    ["x-api-key", "x-api-key", "sk-provider"],
    ["api-key", "api-key", "sk-provider"],
    ["x-goog-api-key", "x-goog-api-key", "sk-provider"],
  ] as const)("%s", async (auth, header, value) => {
    const { upstream, gateway } = await start(json({}), { auth });
    await send(gateway, "/v1/chat/completions", '{"model":"m"}');
    const headers = upstream.requests[0]?.headers ?? {};
    expect(headers[header]).toBe(value);
    expect(JSON.stringify(headers)).not.toContain("sk-sluice-");
  });

  it("none: without a key in the store", async () => {
    const { upstream, gateway } = await start(json({}), { auth: "none" }, { apiKeys: {} });
    const response = await send(gateway, "/v1/chat/completions", '{"model":"m"}');
    expect(response.status).toBe(200);
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("with a signature over what is really sent", async () => {
    const { upstream, gateway } = await start(
      json({}),
      { auth: "aws-sigv4" },
      {
        apiKeys: {},
        signRequest: async ({ headers, body }) =>
          await Promise.resolve({ ...headers, authorization: `over ${body.length} bytes` }),
      },
    );
    await send(gateway, "/v1/chat/completions", '{"model":"fast"}');
    const [received] = upstream.requests;
    expect(received?.headers.authorization).toBe(`over ${received?.body.length} bytes`);
  });

  it("with the config's query, and the model in the base URL", async () => {
    const upstream = await startUpstream(json({}));
    const gateway = await startGateway({
      apiKeys: { azure: "k" },
      config: {
        providers: {
          azure: {
            baseUrl: `${upstream.baseUrl}/deployments/{model}`,
            query: { "api-version": "2024-10-21" },
          },
        },
      },
    });
    stops.push(upstream.stop, gateway.stop);
    await send(gateway, "/v1/chat/completions?x=1", '{"model":"azure/gpt-4o"}');
    expect(upstream.requests[0]?.path).toBe(
      "/v1/deployments/gpt-4o/chat/completions?api-version=2024-10-21&x=1",
    );
  });
});

describe("a passage to a provider", () => {
  it("keeps method, path, query, headers and bytes, and is recorded", async () => {
    const { upstream, gateway } = await start((request, response) => {
      response.writeHead(201, { "content-type": "application/octet-stream", "x-new": "1" });
      response.end(Buffer.from(request.body === "" ? [] : [0, 255, 1]));
    });
    const response = await send(gateway, "/proxy/it/files/1?purpose=a%20b", "\u0000x", {
      method: "PUT",
      headers: { "content-type": "application/octet-stream", "x-mine": "2" },
    });
    expect(response.status).toBe(201);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 1]);
    expect(response.headers.get("x-new")).toBe("1");
    expect(upstream.requests[0]).toMatchObject({
      method: "PUT",
      path: "/v1/files/1?purpose=a%20b",
      body: "\u0000x",
      headers: { "x-mine": "2", authorization: "Bearer sk-provider" },
    });
    expect(gateway.records).toMatchObject([
      { endpoint: "proxy", passage: { method: "PUT", path: "/files/1" }, attempts: [{ provider: "it" }] },
    ]);
  });

  it("works without a body", async () => {
    const { upstream, gateway } = await start(json({ data: [] }));
    const response = await send(gateway, "/proxy/it/files", undefined, { method: "GET" });
    expect(await response.json()).toEqual({ data: [] });
    expect(upstream.requests[0]).toMatchObject({ method: "GET", path: "/v1/files", body: "" });
  });

  it("needs a key that may use it", async () => {
    const { upstream, gateway } = await start(json({}), {}, { key: { models: ["it/model-1"] } });
    const refused = await send(gateway, "/proxy/it/files", undefined, { method: "GET" });
    expect(refused.status).toBe(403);
    expect((await fetch(`${gateway.url}/proxy/it/files`)).status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });

  it("to a provider that is not configured is refused", async () => {
    const { gateway } = await start(json({}));
    const response = await send(gateway, "/proxy/nowhere/files", "{}");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "unknown_provider" } });
  });
});
