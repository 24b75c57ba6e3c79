/** Many calls at once, to an outside provider and an outside Langfuse. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type LangfuseEndpoint,
  type ReceivedSpan,
  startLangfuseEndpoint,
} from "../support/langfuse-endpoint.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import {
  chatChunk,
  chatCompletion,
  DONE,
  json,
  startUpstream,
  type Upstream,
  USAGE_CHUNK,
} from "../support/upstream.ts";

const CALLS = 500;
const CONCURRENCY = 8;

let upstream: Upstream;
let langfuse: LangfuseEndpoint;
let system: TestSystem;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    const { user, stream } = JSON.parse(request.body) as { user: string; stream?: boolean };
    if (Number(user.slice(1)) % 10 === 0) {
      void json(
        { error: { message: `no ${user}`, type: "server_error", param: null, code: "overloaded" } },
        503,
      )(request, response);
    } else if (stream) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const piece of streamFor(user)) response.write(piece);
      response.end();
    } else {
      void json(chatCompletion(`answer to ${user}`))(request, response);
    }
  });
  langfuse = await startLangfuseEndpoint();
  system = await startSystem({
    OPENAI_BASE_URL: upstream.baseUrl,
    OPENAI_API_KEY: "sk-outside",
    LANGFUSE_BASE_URL: langfuse.baseUrl,
    LANGFUSE_PUBLIC_KEY: "pk-lf-test",
    LANGFUSE_SECRET_KEY: "sk-lf-test",
  });
});

afterAll(async () => {
  await system.stop();
  await upstream.stop();
  await langfuse[Symbol.asyncDispose]();
});

function streamFor(user: string): string[] {
  return [chatChunk("answer "), chatChunk("to "), chatChunk(user), USAGE_CHUNK, DONE];
}

function attributesOf(span: ReceivedSpan): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    span.attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue]),
  );
}

async function call(index: number): Promise<string> {
  const user = `u${index}`;
  const stream = index % 2 === 1;
  const response = await fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${system.key}`,
      "content-type": "application/json",
      "x-session-id": `s${index}`,
    },
    body: JSON.stringify({
      model: "gpt-4o",
      messages: [{ role: "user", content: `question ${user}` }],
      user,
      stream,
    }),
  });
  const body = await response.text();
  const failed = index % 10 === 0;
  expect(response.status).toBe(failed ? 503 : 200);
  const sent = streamFor(user).filter((piece) => piece !== USAGE_CHUNK);
  expect(body).toSatisfy((text) => failed || !stream || text === sent.join(""));
  return response.headers.get("x-sluice-trace-id") ?? "";
}

describe("five hundred calls at concurrency eight", () => {
  it("give five hundred observations, each complete, none twice", async () => {
    const traceIds = new Map<number, string>();
    const startedAtMs = Date.now();
    let next = 0;
    const worker = async () => {
      for (let index = next++; index < CALLS; index = next++) traceIds.set(index, await call(index));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    const endedAtMs = Date.now();

    await expect.poll(() => langfuse.stored.length, { timeout: 90_000 }).toBe(CALLS);
    expect(new Set(langfuse.stored.map(({ spanId }) => spanId)).size).toBe(CALLS);
    const byTrace = new Map(langfuse.stored.map((span) => [span.traceId, span]));
    for (const [index, traceId] of traceIds) {
      const span = byTrace.get(traceId);
      if (!span) throw new Error(`call ${index} has no trace`);
      const attributes = attributesOf(span);
      const failed = index % 10 === 0;
      expect(attributes).toMatchObject({
        "langfuse.observation.level": failed ? "ERROR" : "DEFAULT",
        "langfuse.observation.model.name": failed ? "gpt-4o" : "gpt-4o-2024",
        "user.id": `u${index}`,
        "session.id": `s${index}`,
      });
      expect(attributes["langfuse.observation.input"]).toContain(`question u${index}`);
      expect(attributes["langfuse.observation.output"]).toContain(
        failed ? `no u${index}` : `answer to u${index}`,
      );
      expect(JSON.parse(String(attributes["langfuse.observation.usage_details"]))).toEqual(
        failed ? { input: 0, output: 0, total: 0 } : { input: 3, output: 2, total: 5 },
      );
      const [start, end] = [span.startTimeUnixNano, span.endTimeUnixNano].map((nano) =>
        Number(BigInt(nano) / 1_000_000n),
      );
      expect(start).toBeGreaterThanOrEqual(startedAtMs);
      expect(end).toBeGreaterThanOrEqual(start ?? 0);
      expect(end).toBeLessThanOrEqual(endedAtMs);
    }
  });
});
