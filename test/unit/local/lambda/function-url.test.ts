import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FunctionOptions } from "../../../../packages/local/src/lambda/function-options.ts";
import { MAX_PAYLOAD_BYTES, startFunctionUrl } from "../../../../packages/local/src/lambda/function-url.ts";
import { PortInUseError } from "../../../../packages/local/src/loopback.ts";
import { functionFrom, gate, streamingHandler } from "../../../support/local-lambda.ts";

/** What a test reads of the event that the function echoes. */
interface EchoedEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

async function echoOf(url: string, init: RequestInit): Promise<EchoedEvent> {
  const answer = await fetch(url, init);
  return (await answer.json()) as EchoedEvent;
}

const ECHO = streamingHandler(
  `out.write(JSON.stringify(event)); out.end();`,
  `{ statusCode: 200, headers: { "content-type": "application/json" } }`,
);

async function urlOf(source: string, options: Partial<FunctionOptions> = {}) {
  const made = await functionFrom(source, options);
  const functionUrl = await startFunctionUrl(made.lambda, { port: 0 });
  onTestFinished(() => functionUrl.close(0));
  return { ...made, url: functionUrl.url, functionUrl };
}

describe("the answer of a function URL", () => {
  it("has the status, headers, cookies and body that the function streamed", async () => {
    const { url } = await urlOf(
      streamingHandler(
        `out.write("one "); out.end("two");`,
        `{ statusCode: 418, headers: { "content-type": "text/tea", "x-pot": "full" }, cookies: ["a=1", "b=2"] }`,
      ),
    );

    const answer = await fetch(url);

    expect(answer.status).toBe(418);
    expect(answer.headers.get("content-type")).toBe("text/tea");
    expect(answer.headers.get("x-pot")).toBe("full");
    expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await answer.text()).toBe("one two");
  });

  it("passes each chunk on while the function is still at work", async () => {
    const door = await gate();
    const { url } = await urlOf(
      streamingHandler(`out.write("first"); await fetch(process.env.GATE); out.end("second");`),
      { environment: { GATE: door.url } },
    );

    const reader = (await fetch(url)).body?.getReader();
    const first = await reader?.read();
    await door.reached;
    door.open();
    const second = await reader?.read();

    expect(Buffer.from(first?.value ?? []).toString()).toBe("first");
    expect(Buffer.from(second?.value ?? []).toString()).toBe("second");
  });

  it("makes the function wait for a client that does not read", async () => {
    const total = 64 * 1024 * 1024;
    const { url, lines } = await urlOf(
      streamingHandler(`
        const chunk = Buffer.alloc(256 * 1024);
        for (let sent = 0; sent < ${total}; sent += chunk.length) {
          if (out.write(chunk)) continue;
          const stalled = setTimeout(() => console.log("stalled"), 300);
          await once(out, "drain");
          clearTimeout(stalled);
        }
        console.log("all written");
        out.end();`),
    );

    const request = httpRequest(url).end();
    const [answer] = await once(request, "response");
    await expect.poll(() => lines.join(), { timeout: 90_000 }).toContain("stalled");
    expect(lines.join()).not.toContain("all written");
    let bytes = 0;
    for await (const chunk of answer) bytes += chunk.length;

    expect(bytes).toBe(total);
  });

  it("lets the function run on when the client has left", async () => {
    const door = await gate();
    const { url, lines, outcomes } = await urlOf(
      streamingHandler(`
        out.write("first");
        await fetch(process.env.GATE);
        for (let i = 0; i < 100; i++) if (!out.write(Buffer.alloc(100_000))) await once(out, "drain");
        out.end();
        console.log("done all the same");`),
      { environment: { GATE: door.url } },
    );
    const leaving = new AbortController();
    const answer = await fetch(url, { signal: leaving.signal });
    await answer.body?.getReader().read();
    await door.reached;
    leaving.abort();
    door.open();

    await expect.poll(() => lines.join()).toContain("done all the same");
    await expect.poll(() => outcomes).toMatchObject([{ kind: "streamed" }]);
  });

  it("breaks off when the function fails in the middle of it", async () => {
    const { url, outcomes } = await urlOf(
      streamingHandler(`out.write("first"); throw new Error("upstream is gone");`),
    );

    const answer = await fetch(url);

    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow("terminated");
    expect(outcomes).toMatchObject([
      { kind: "failed", answerBegun: true, error: { errorMessage: "upstream is gone" } },
    ]);
  });

  it("breaks off when the function is killed at its deadline", async () => {
    const { url, outcomes } = await urlOf(
      streamingHandler(`out.write("first"); await new Promise((r) => setTimeout(r, 1e6));`),
      { timeoutMs: 300 },
    );

    const answer = await fetch(url);

    await expect(answer.text()).rejects.toThrow("terminated");
    expect(outcomes).toMatchObject([{ kind: "failed", error: { errorType: "Sandbox.Timedout" } }]);
  });

  it("is 502 when the function fails before it answers", async () => {
    const { url } = await urlOf(streamingHandler(`throw new Error("no table");`));

    const answer = await fetch(url);

    expect(answer.status).toBe(502);
    expect(await answer.text()).toBe("Internal Server Error");
  });

  it("is 502 when the function ends without having written anything", async () => {
    const { url, outcomes } = await urlOf(streamingHandler(`out.end("lost");`));

    expect((await fetch(url)).status).toBe(502);
    expect(outcomes).toMatchObject([{ kind: "failed", error: { errorType: "Sluice.PreludeMissing" } }]);
  });

  it("is 502 when the handler cannot be loaded", async () => {
    const { url } = await urlOf(`import "./no-such-module.mjs";`);

    expect((await fetch(url)).status).toBe(502);
  });

  it("has no body when the method is HEAD", async () => {
    const { url } = await urlOf(streamingHandler(`out.write("dropped"); out.end();`));

    const answer = await fetch(url, { method: "HEAD" });

    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "text/plain",
      "",
    ]);
  });

  it("is 429 when all environments are busy", async () => {
    const door = await gate();
    const { url } = await urlOf(
      streamingHandler(`await fetch(process.env.GATE); out.write("ok"); out.end();`),
      {
        environment: { GATE: door.url },
        maxConcurrency: 1,
      },
    );

    const open = fetch(url);
    await door.reached;
    const refused = await fetch(url);
    door.open();

    expect(refused.status).toBe(429);
    expect(await (await open).text()).toBe("ok");
  });

  it("is taken from a buffered handler's result too", async () => {
    const { url } = await urlOf(
      `export const handler = async () => ({ statusCode: 201, headers: { "x-a": "b" }, body: "aGk=", isBase64Encoded: true });`,
    );

    const answer = await fetch(url);

    expect([answer.status, answer.headers.get("x-a"), await answer.text()]).toEqual([201, "b", "hi"]);
  });
});

describe("the event of a function URL", () => {
  it("has method, path, query, cookies and address of the request", async () => {
    const { url } = await urlOf(ECHO);

    const event = await echoOf(`${url}/v1/a%20b?x=1&y=2&x=3`, {
      headers: { cookie: "a=1; b=2", "user-agent": "me" },
    });

    expect(event).toMatchObject({
      version: "2.0",
      rawPath: "/v1/a b",
      rawQueryString: "x=1&y=2&x=3",
      queryStringParameters: { x: "1,3", y: "2" },
      cookies: ["a=1", "b=2"],
      headers: { "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "user-agent": "me" },
      requestContext: { http: { method: "GET", path: "/v1/a b", sourceIp: "127.0.0.1", userAgent: "me" } },
      isBase64Encoded: false,
    });
    expect(event.headers["cookie"]).toBeUndefined();
    expect(event.body).toBeUndefined();
  });

  it("has a JSON body as text", async () => {
    const { url } = await urlOf(ECHO);

    const event = await echoOf(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"ä":1}',
    });

    expect(event).toMatchObject({ body: '{"ä":1}', isBase64Encoded: false });
  });

  it("has any other body as base64, byte for byte", async () => {
    const { url } = await urlOf(ECHO);
    const body = Buffer.from([0, 255, 0xc3, 0x28, 10]);

    const event = await echoOf(url, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body,
    });

    expect(event.isBase64Encoded).toBe(true);
    expect(Buffer.from(event.body ?? "", "base64")).toEqual(body);
  });

  it("joins the values of a header that came twice", async () => {
    const { url } = await urlOf(ECHO);
    const request = httpRequest(url, { headers: { "x-tag": ["a", "b"] } }).end();
    const [answer] = await once(request, "response");

    expect(JSON.parse(await text(answer)).headers["x-tag"]).toBe("a,b");
  });
});

describe("a function URL", () => {
  it("refuses a request that is larger than an invocation may be, and answers the next one", async () => {
    const { url, outcomes } = await urlOf(ECHO);
    const post = (bytes: number) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "x".repeat(bytes),
      });

    const tooLarge = await post(MAX_PAYLOAD_BYTES + 1);
    const fits = await post(MAX_PAYLOAD_BYTES - 10_000);

    expect(tooLarge.status).toBe(413);
    expect(fits.status).toBe(200);
    await fits.text();
    expect(outcomes).toHaveLength(1);
  });

  it("names the port that another process has", async () => {
    const { lambda, url } = await urlOf(ECHO);
    const port = Number(new URL(url).port);

    await expect(startFunctionUrl(lambda, { port })).rejects.toThrow(new PortInUseError(port));
  });

  it("lets open calls finish when it closes", async () => {
    const door = await gate();
    const { url, functionUrl } = await urlOf(
      streamingHandler(`out.write("first "); await fetch(process.env.GATE); out.end("last");`),
      { environment: { GATE: door.url } },
    );
    const answer = await fetch(url);
    await door.reached;

    const closed = functionUrl.close(10_000);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    door.open();

    expect(await answer.text()).toBe("first last");
    await closed;
  });
});
