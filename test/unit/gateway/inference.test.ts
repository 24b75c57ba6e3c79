import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import {
  type Answerer,
  chatChunk,
  chatCompletion,
  DONE,
  json,
  sse,
  startUpstream,
  USAGE_CHUNK,
} from "../../support/upstream.ts";

const HELLO = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function start(answer: Answerer, setup: Partial<GatewaySetup> = {}) {
  const upstream = await startUpstream(answer);
  const gateway = await startGateway({
    ...setup,
    config: { providers: { openai: { baseUrl: upstream.baseUrl } }, ...setup.config },
  });
  stops.push(upstream.stop, gateway.stop);
  return { upstream, gateway };
}

function post(
  gateway: TestGateway,
  body: unknown,
  headers: Record<string, string> = {},
  path = "/v1/chat/completions",
) {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A promise that a test resolves by hand. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  onTestFinished(() => resolve());
  return { promise, open: resolve };
}

describe("a model call", () => {
  it("passes request and answer on byte for byte, and records both", async () => {
    const answer = `{"id":"x", "n": 1.0, "choices": [] }`;
    const { upstream, gateway } = await start((_request, response) => {
      response.writeHead(200, {
        "content-type": "application/json",
        "x-request-id": "req-1",
        "x-new": "tomorrow",
      });
      response.end(answer);
    });
    const request = `{ "model" : "gpt-4o", "messages": [], "temperature": 1.0, "unknown": [12345678901234567890] }`;
    const response = await post(gateway, request, { "x-unknown": "kept", "openai-beta": "b" });
    expect(await response.text()).toBe(answer);
    expect(upstream.requests[0]).toMatchObject({ body: request, path: "/v1/chat/completions" });
    expect(upstream.requests[0]?.headers).toMatchObject({
      authorization: "Bearer sk-provider",
      "x-unknown": "kept",
      "openai-beta": "b",
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-request-id": "req-1",
      "x-new": "tomorrow",
      "x-sluice-provider": "openai",
      "x-sluice-model": "gpt-4o",
      "x-sluice-attempts": "1",
      "x-sluice-cache": "off",
    });
    const [record] = gateway.records;
    expect(gateway.records).toHaveLength(1);
    expect(record?.callId).toBe(response.headers.get("x-sluice-request-id"));
    expect(record?.trace.traceId).toBe(response.headers.get("x-sluice-trace-id"));
    expect(Buffer.from(record?.request.body ?? []).toString()).toBe(request);
    expect(Buffer.from(record?.answer?.body ?? []).toString()).toBe(answer);
    expect(record).toMatchObject({ outcome: { kind: "answered" }, answer: { status: 200, omittedBytes: 0 } });
  });

  it("never sends a virtual key, a cookie or trace headers to the provider", async () => {
    const { upstream, gateway } = await start(json(chatCompletion("hi")));
    await post(gateway, HELLO, {
      "x-api-key": gateway.secret,
      "api-key": gateway.secret,
      cookie: "a=b",
      baggage: "user.id=u",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "x-sluice-tags": "a",
      "x-user-id": "u",
      "x-portkey-metadata": "{}",
      langfuse_trace_id: "x",
    });
    const sent = upstream.requests[0];
    expect(JSON.stringify(sent)).not.toContain(gateway.secret);
    expect(Object.keys(sent?.headers ?? {}).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "accept-language",
      "authorization",
      "connection",
      "content-length",
      "content-type",
      "host",
      "sec-fetch-mode",
      "user-agent",
    ]);
  });

  it("renames an alias, removes the trace object and asks for the usage of a stream, and changes nothing else", async () => {
    const upstream = await startUpstream(sse([chatChunk("a"), DONE]));
    const gateway = await startGateway({
      config: {
        providers: { openai: { baseUrl: upstream.baseUrl } },
        models: { fast: "openai/gpt-4o-mini" },
      },
    });
    stops.push(upstream.stop, gateway.stop);
    const response = await post(
      gateway,
      `{"model":"fast", "trace":{"name":"n"},"stream": true,"stream_options":{"x":1},"big":9007199254740993}`,
    );
    await response.text();
    expect(upstream.requests[0]?.body).toBe(
      `{"model":"gpt-4o-mini","stream": true,"stream_options":{"x":1,"include_usage":true},"big":9007199254740993}`,
    );
    expect(gateway.records[0]).toMatchObject({
      requestedModel: "fast",
      trace: { name: "n" },
      streaming: true,
    });
  });

  it("takes out the usage chunk that the caller did not ask for, and keeps it in the record", async () => {
    const { gateway } = await start(sse([chatChunk("a"), chatChunk("b"), USAGE_CHUNK, DONE]));
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toBe(chatChunk("a") + chatChunk("b") + DONE);
    expect(Buffer.from(gateway.records[0]?.answer?.body ?? []).toString()).toContain(USAGE_CHUNK);
  });

  it("passes the usage chunk on when the caller asked for it", async () => {
    const { upstream, gateway } = await start(sse([chatChunk("a"), USAGE_CHUNK, DONE]));
    const body = { ...HELLO, stream: true, stream_options: { include_usage: true } };
    const response = await post(gateway, body);
    expect(await response.text()).toBe(chatChunk("a") + USAGE_CHUNK + DONE);
    expect(upstream.requests[0]?.body).toBe(JSON.stringify(body));
  });

  it("passes each event on while the next one is not there yet", async () => {
    const next = gate();
    const { gateway } = await start(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("first"));
      await next.promise;
      response.end(chatChunk("second") + DONE);
    });
    const response = await post(gateway, { ...HELLO, stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(chatChunk("first"));
    next.open();
    let rest = "";
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read())
      rest += read.value;
    expect(rest).toBe(chatChunk("second") + DONE);
  });

  it("releases the end of a stream only once the queue has the record, and everything before at once", async () => {
    const queue = gate();
    const { gateway } = await start(sse([chatChunk("a"), USAGE_CHUNK, DONE]), { send: () => queue.promise });
    const response = await post(gateway, { ...HELLO, stream: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(chatChunk("a"));
    const end = reader?.read();
    expect(await Promise.race([end, immediates(50)])).toBe("nothing yet");
    queue.open();
    expect((await end)?.value).toBe(DONE);
    expect(gateway.records).toHaveLength(1);
  });

  it("releases the last byte of a JSON body only once the queue has the record", async () => {
    const queue = gate();
    const { gateway } = await start(json(chatCompletion("hi")), { send: () => queue.promise });
    const response = await post(gateway, HELLO);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const whole = JSON.stringify(chatCompletion("hi"));
    expect((await reader?.read())?.value).toBe(whole.slice(0, -1));
    const end = reader?.read();
    expect(await Promise.race([end, immediates(50)])).toBe("nothing yet");
    queue.open();
    expect((await end)?.value).toBe("}");
  });

  it("with fast delivery ends the answer before the queue has answered", async () => {
    const queue = gate();
    const upstream = await startUpstream(sse([chatChunk("a"), DONE]));
    const gateway = await startGateway({
      config: { providers: { openai: { baseUrl: upstream.baseUrl } }, delivery: "fast" },
      send: () => queue.promise,
    });
    stops.push(upstream.stop, gateway.stop);
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toBe(chatChunk("a") + DONE);
    expect(gateway.records).toHaveLength(0);
    queue.open();
    await expect.poll(() => gateway.records.length).toBe(1);
  });

  it("writes the record to the log, and still ends the answer, when the queue is away", async () => {
    const { gateway } = await start(json(chatCompletion("hi")), {
      send: () => Promise.reject(new Error("no queue")),
    });
    const response = await post(gateway, HELLO);
    expect(await response.json()).toEqual(chatCompletion("hi"));
    const line = gateway.logLines.find(({ fields }) => "SLUICE_UNSENT_RECORD" in fields);
    expect(line?.fields["SLUICE_UNSENT_RECORD"]).toMatch(/^sluice\/1 record /);
  });

  it("undoes the compression of a stream whose end it must recognise", async () => {
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      response.end(gzipSync(chatChunk("a") + USAGE_CHUNK + DONE));
    });
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toBe(chatChunk("a") + DONE);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(gateway.records[0]?.answer?.headers["content-encoding"]).toBe("gzip");
  });

  it("passes an error of the provider on with its status and its retry headers", async () => {
    const error = {
      error: { message: "Slow down", type: "rate_limit_error", param: null, code: "rate_limit" },
    };
    const { gateway } = await start(
      json(error, 429, { "retry-after": "7", "x-ratelimit-remaining-requests": "0" }),
    );
    const response = await post(gateway, HELLO);
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual(error);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(gateway.records[0]).toMatchObject({
      outcome: { kind: "answered" },
      answer: { status: 429, headers: { "retry-after": "7", "x-ratelimit-remaining-requests": "0" } },
    });
  });

  it("tells a stream's reader in an event that the provider broke off, and records what came", async () => {
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`${chatChunk("a")}data: {"half`);
      setImmediate(() => response.destroy());
    });
    const response = await post(gateway, { ...HELLO, stream: true });
    const text = await response.text();
    expect(text.startsWith(chatChunk("a"))).toBe(true);
    const event = text.slice(chatChunk("a").length);
    expect(event).toMatch(/^data: \{"error":\{"message":"openai: The answer broke off/);
    expect(event).toContain('"code":"upstream_broken"');
    expect(event).not.toContain("[DONE]");
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "failed", code: "upstream_broken" } });
    expect(Buffer.from(gateway.records[0]?.answer?.body ?? []).toString()).toBe(
      `${chatChunk("a")}data: {"half`,
    );
  });

  it("breaks the connection when a JSON body broke off, so that nobody takes it for whole", async () => {
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"half":');
      setImmediate(() => response.destroy());
    });
    const response = await post(gateway, HELLO);
    await expect(response.text()).rejects.toThrow("terminated");
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "failed", code: "upstream_broken" } });
  });

  it("answers 502 when the provider cannot be reached, and records the attempt", async () => {
    const { upstream, gateway } = await start(json({}));
    await upstream.stop();
    stops.splice(stops.indexOf(upstream.stop), 1);
    const response = await post(gateway, HELLO);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { type: "server_error", code: "upstream_unreachable" },
    });
    expect(gateway.records[0]).toMatchObject({
      outcome: { kind: "failed", code: "upstream_unreachable" },
      attempts: [{ provider: "openai", error: { code: "upstream_unreachable" } }],
    });
  });

  it("cuts a call that would outlast the function, and records what came", async () => {
    const { gateway } = await start(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(chatChunk("a"));
      },
      { timeoutMs: 400 },
    );
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toContain('"code":"deadline_exceeded"');
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "failed", code: "deadline_exceeded" } });
  });

  it("gives up on a provider that falls silent", async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("a"));
    });
    const gateway = await startGateway({
      config: { providers: { openai: { baseUrl: upstream.baseUrl } }, limits: { idleTimeoutMs: 50 } },
    });
    stops.push(upstream.stop, gateway.stop);
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toContain('"code":"upstream_timeout"');
  });

  it("ends a stream after its end marker although the provider keeps the connection open", async () => {
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("a") + DONE);
    });
    const response = await post(gateway, { ...HELLO, stream: true });
    expect(await response.text()).toBe(chatChunk("a") + DONE);
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "answered" } });
  });

  it("reads a provider's key again when the provider refuses it, once", async () => {
    const apiKeys = { openai: "sk-old" };
    const { upstream, gateway } = await start(
      (request, response) => {
        const ok = request.headers.authorization === "Bearer sk-new";
        response.writeHead(ok ? 200 : 401, { "content-type": "application/json" });
        response.end(JSON.stringify(ok ? chatCompletion("hi") : { error: { message: "bad key" } }));
      },
      { apiKeys },
    );
    expect((await post(gateway, HELLO)).status).toBe(401);
    expect(upstream.requests).toHaveLength(1);
    apiKeys.openai = "sk-new";
    const response = await post(gateway, HELLO);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-attempts")).toBe("2");
    await response.text();
    expect(gateway.records[1]?.attempts.map(({ status }) => status)).toEqual([401, 200]);
  });

  it("keeps at most the capture limit of an answer, and counts the rest", async () => {
    const upstream = await startUpstream(json({ text: "x".repeat(5000) }));
    const gateway = await startGateway({
      config: { providers: { openai: { baseUrl: upstream.baseUrl } }, limits: { captureBytes: 1024 } },
    });
    stops.push(upstream.stop, gateway.stop);
    const response = await post(gateway, HELLO);
    const bytes = (await response.arrayBuffer()).byteLength;
    expect(gateway.records[0]?.answer).toMatchObject({ omittedBytes: bytes - 1024 });
    expect(gateway.records[0]?.answer?.body).toHaveLength(1024);
  });
});

describe("how much of a call may leave", () => {
  it.each<[NonNullable<GatewaySetup["key"]>["capture"], string | undefined, string | undefined]>([
    [undefined, undefined, undefined],
    ["redacted", undefined, "redacted"],
    [undefined, "redacted", "redacted"],
    ["metadata", "full", "metadata"],
    ["full", "Metadata", "metadata"],
    ["redacted", "nothing", "metadata"],
  ])("with %s on the key and %s on the call is %s", async (ofKey, ofCall, expected) => {
    const { gateway } = await start(json(chatCompletion("Hi")), {
      key: { drains: ["eu"], ...(ofKey && { capture: ofKey }) },
    });
    await post(gateway, HELLO, ofCall === undefined ? {} : { "x-sluice-capture": ofCall });
    expect(gateway.records[0]?.capture).toBe(expected);
    expect(gateway.records[0]?.drains).toEqual(["eu"]);
    expect(gateway.switches[0]?.record.capture).toBe(expected);
  });
});

describe("the caller's headers", () => {
  it("are recorded where a drain keeps them, and credentials never", async () => {
    const requestHeaders = ["x-shop", "x-absent", "authorization", "x-auth-token"];
    const { gateway } = await start(json(chatCompletion("Hi")), {
      config: { drains: { main: { type: "langfuse", keep: { requestHeaders } } } },
    });
    await post(gateway, HELLO, { "x-shop": "berlin", "x-auth-token": "t", "x-other": "1" });
    expect(gateway.records[0]?.caller.headers).toEqual({ "x-shop": "berlin" });
  });
});

describe("a call that is refused", () => {
  it.each([
    ["an empty body", "", 400, "invalid_json"],
    ["no JSON", "{nope", 400, "invalid_json"],
    ["a list", "[]", 400, "invalid_json"],
    ["no model", "{}", 400, "missing_model"],
    ["a model that is no text", '{"model":1}', 400, "missing_model"],
  ])("with %s gets OpenAI's error shape and one record", async (_what, body, status, code) => {
    const { upstream, gateway } = await start(json({}));
    const response = await post(gateway, body);
    expect(response.status).toBe(status);
    expect(response.headers.get("x-should-retry")).toBe("false");
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ type: "invalid_request_error", code });
    expect(Object.keys(error).toSorted()).toEqual(["code", "message", "param", "type"]);
    expect(gateway.records).toHaveLength(1);
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "refused", status, code }, attempts: [] });
    expect(upstream.requests).toHaveLength(0);
  });

  it("for its size gets 413 and one record", async () => {
    const upstream = await startUpstream(json({}));
    const gateway = await startGateway({
      config: { providers: { openai: { baseUrl: upstream.baseUrl } }, limits: { requestBytes: 1024 } },
    });
    stops.push(upstream.stop, gateway.stop);
    const response = await post(gateway, { ...HELLO, padding: "x".repeat(1024) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: "request_too_large" } });
    expect(gateway.records).toHaveLength(1);
  });

  it("for want of a provider's key tells the operator what to do, and no key", async () => {
    const { gateway } = await start(json({}), { apiKeys: { other: "sk-secret" } });
    const response = await post(gateway, HELLO);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("provider_not_configured");
    expect(text).not.toContain("sk-secret");
  });
});

/** Lets the event loop turn a few times, for what should not happen. */
async function immediates(turns: number): Promise<string> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return "nothing yet";
}
