/** Claude Code itself, through the built bundles: against recordings, a provider that fails in the middle, and the demo. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askClaudeCode, type ClaudeCodeResult } from "../support/claude-code.ts";
import { corpusCases } from "../support/corpus.ts";
import { CASE_HEADER, DELIVERY_HEADER, type ReplayServer, startReplay } from "../support/replay.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import { type Answerer, startUpstream, type Upstream } from "../support/upstream.ts";

const PROMPT = "What is two and two?";
const RECORDED = (corpusCases() ?? []).filter(({ id }) =>
  [
    "anthropic.msg.s.anthropic-v1-messages-post-f24d2892",
    "anthropic.msg.s.claude-agent-sdk-v1-messages-beta-true-post-66f64b46",
    "anthropic.msg.s.anthropic-prompt-caching-async-stream-legacy",
    "anthropic.msg.e.model-name-suggestion-anthropic",
  ].includes(id),
);

/** What must not depend on the way: no ids and no times. */
function told({ result, is_error, num_turns, stop_reason, usage }: ClaudeCodeResult) {
  return { result, is_error, num_turns, stop_reason, usage };
}

it.runIf(RECORDED.length === 0)("the corpus is absent, so Claude Code has nothing to read", ({ skip }) => {
  expect(RECORDED).toEqual([]);
  skip("there are no recordings");
});

describe.skipIf(RECORDED.length === 0)("Claude Code with a recorded provider", () => {
  let replay: ReplayServer;
  let system: TestSystem;

  beforeAll(async () => {
    replay = await startReplay(RECORDED);
    system = await startSystem({ ANTHROPIC_BASE_URL: replay.url });
  });

  afterAll(async () => {
    await system.stop();
    await replay.stop();
  });

  it.each(RECORDED)("says through Sluice what it says without: $id", async ({ id }) => {
    const setup = {
      prompt: PROMPT,
      headers: { [CASE_HEADER]: id, [DELIVERY_HEADER]: "random offsets" },
    };
    const direct = await askClaudeCode({ ...setup, baseUrl: replay.url, apiKey: "sk-ant" });
    const through = await askClaudeCode({ ...setup, baseUrl: system.url, apiKey: system.key });
    expect(told(through)).toEqual(told(direct));
  });
});

describe("Claude Code with a provider that is scripted", () => {
  let upstream: Upstream;
  let system: TestSystem;

  beforeAll(async () => {
    upstream = await startUpstream(failingInTheMiddle);
    system = await startSystem({ ANTHROPIC_BASE_URL: upstream.baseUrl.replace(/\/v1$/, "") });
  });

  afterAll(async () => {
    await system.stop();
    await upstream.stop();
  });

  it("asks again without a stream after an error in it; both are traces of its session", async () => {
    const { result, session_id } = await askClaudeCode({
      baseUrl: system.url,
      apiKey: system.key,
      prompt: PROMPT,
    });
    expect(result).toBe("Four.");
    expect(
      upstream.requests.map(({ path, body }) => [path, (JSON.parse(body) as { stream?: true }).stream]),
    ).toEqual([
      ["/v1/messages?beta=true", true],
      ["/v1/messages?beta=true", undefined],
    ]);
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({
        "anthropic-beta": expect.stringContaining("claude-code-") as string,
        "anthropic-version": "2023-06-01",
        "user-agent": expect.stringContaining("claude-cli/") as string,
        "x-api-key": "local",
        "x-app": "cli",
      });
    }
    await expect.poll(() => system.spans().map(({ level }) => level), { timeout: 90_000 }).toHaveLength(2);
    const levels = system.spans().map(({ level, session }) => ({ level, session }));
    expect(levels).toEqual(
      expect.arrayContaining([
        { level: "ERROR", session: session_id },
        { level: "DEFAULT", session: session_id },
      ]),
    );
  });
});

describe("Claude Code with nothing but npm start", () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startSystem();
  });

  afterAll(() => system.stop());

  it("is answered by the demo model", async () => {
    const { result } = await askClaudeCode({ baseUrl: system.url, apiKey: system.key, prompt: PROMPT });
    expect(result).toContain(`You said: "${PROMPT}"`);
  });
});

/** A stream that ends with an error, and the answer when it is asked for as a whole. */
const failingInTheMiddle: Answerer = ({ body }, response) => {
  const { stream, model } = JSON.parse(body) as { stream?: boolean; model: string };
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: "Four." }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 2 },
  };
  if (stream !== true) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(message));
    return;
  }
  const event = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(event("message_start", { message: { ...message, content: [], stop_reason: null } }));
  response.end(event("error", { error: { type: "overloaded_error", message: "Overloaded" } }));
};
