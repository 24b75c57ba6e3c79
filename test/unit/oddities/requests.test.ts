/** Oddities of requests: what translation must not lose, and how Claude Code asks. */
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { message } from "../../support/message-bodies.ts";
import { json, startUpstream, type Upstream } from "../../support/upstream.ts";

let upstream: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream(json(message()));
  gateway = await startGateway({
    apiKeys: { claude: "sk-provider", nova: "k" },
    config: {
      providers: {
        claude: { baseUrl: upstream.baseUrl, preset: "anthropic" },
        nova: { baseUrl: upstream.baseUrl, speaks: ["bedrock-converse"] },
      },
    },
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function ask(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.secret}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const request = upstream.requests.at(-1);
  return { answer, request, sent: JSON.parse(request?.body ?? "{}") as Record<string, unknown> };
}

const user = { role: "user", content: "Hello?" };
const toolCall = (id: string, args: string) => ({
  id,
  type: "function",
  function: { name: "look", arguments: args },
});
const TOOLS = [{ type: "function", function: { name: "look" } }];

describe("a chat for Anthropic", () => {
  it("has a default for max_tokens", async () => {
    const { sent } = await ask("/v1/chat/completions", { model: "claude/m", messages: [user] });
    expect(sent["max_tokens"]).toBeGreaterThan(0);
  });

  it.each([["END"], [["END"]]])("has its stop sequence, written %j, in a list", async (stop) => {
    const { sent } = await ask("/v1/chat/completions", { model: "claude/m", messages: [user], stop });
    expect(sent["stop_sequences"]).toEqual(["END"]);
  });

  it("keeps both the system's and the developer's words", async () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "developer", content: "Be kind." },
      user,
    ];
    const { sent } = await ask("/v1/chat/completions", { model: "claude/m", messages });
    expect(JSON.stringify(sent["system"])).toMatch(/Be brief\..*Be kind\./s);
  });

  it("has parallel results in one turn, {} for empty arguments, and a schema for a tool without parameters", async () => {
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: [toolCall("c1", ""), toolCall("c2", '{"a":1}')] },
      { role: "tool", tool_call_id: "c1", content: "one" },
      { role: "tool", tool_call_id: "c2", content: "two" },
    ];
    const { sent } = await ask("/v1/chat/completions", { model: "claude/m", messages, tools: TOOLS });
    expect(sent).toMatchObject({
      messages: [
        { role: "user" },
        {
          role: "assistant",
          content: [
            { type: "tool_use", id: "c1", input: {} },
            { type: "tool_use", id: "c2", input: { a: 1 } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1" },
            { type: "tool_result", tool_use_id: "c2" },
          ],
        },
      ],
      tools: [{ name: "look", input_schema: { type: "object" } }],
    });
  });
});

describe("a chat for Converse", () => {
  it("has no tool choice none: the tools themselves are left out, or the call is refused", async () => {
    const before = upstream.requests.length;
    const { answer } = await ask("/v1/chat/completions", {
      model: "nova/m",
      messages: [user],
      tools: TOOLS,
      tool_choice: "none",
    });
    const sent = upstream.requests.slice(before).map(({ body }) => body);
    expect(sent.length === 0 ? answer.status : sent.join("")).toSatisfy(
      (shown: string | number) =>
        shown === 400 || (typeof shown === "string" && !/toolChoice|toolConfig/.test(shown)),
    );
  });
});

describe("Claude Code", () => {
  it("asks HEAD / without a key", async () => {
    const answer = await fetch(gateway.url, { method: "HEAD" });
    expect(answer.status).toBe(200);
  });

  it("sends ?beta=true, its betas, and accept: application/json on streams; all reach the provider", async () => {
    const betas = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27";
    const headers = {
      accept: "application/json",
      "anthropic-beta": betas,
      "anthropic-version": "2023-06-01",
      "anthropic-dangerous-direct-browser-access": "true",
      "x-app": "cli",
      "user-agent": "claude-cli/2.1.112 (external, sdk-cli)",
    };
    const sessionId = "00b328b5-4d66-4c1f-9406-8d0e97b94716";
    const body = {
      model: "claude/m",
      max_tokens: 9,
      messages: [user],
      metadata: { user_id: JSON.stringify({ device_id: "d", account_uuid: "", session_id: sessionId }) },
      stream: true,
    };
    const { request, sent } = await ask("/v1/messages?beta=true", body, headers);
    expect(request).toMatchObject({ path: "/v1/messages?beta=true", headers });
    expect(sent).toEqual({ ...body, model: "m" });
    expect(gateway.records.at(-1)?.trace.sessionId).toBe(sessionId);
  });

  it("accepts zstd: what it is sent so can be read for the trace, too", async () => {
    const body = Buffer.from(JSON.stringify(message()));
    upstream.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "zstd" });
      response.end(zstdCompressSync(body));
    };
    const { answer, request } = await ask(
      "/v1/messages",
      { model: "claude/m", max_tokens: 9, messages: [user] },
      { "accept-encoding": "gzip, deflate, br, zstd, dcb" },
    );
    expect(request?.headers["accept-encoding"]).toBe("gzip, deflate, br, zstd");
    expect(answer.headers.get("content-encoding")).toBe("zstd");
    expect(gateway.records.at(-1)?.answer).toMatchObject({ headers: { "content-encoding": "zstd" } });
  });
});
