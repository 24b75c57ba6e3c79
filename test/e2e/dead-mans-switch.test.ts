/** A gateway function that is killed in the middle of a call still leaves exactly one trace. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSystem, type TestSystem } from "../support/system.ts";
import { chatChunk, chatCompletion, json, startUpstream, type Upstream } from "../support/upstream.ts";

let upstream: Upstream;
let system: TestSystem;

beforeAll(async () => {
  upstream = await startUpstream(json(chatCompletion("hi")));
  system = await startSystem({ OPENAI_BASE_URL: upstream.baseUrl, SLUICE_TIMEOUT_SECONDS: "3" });
});

afterAll(async () => {
  await system.stop();
  await upstream.stop();
});

function post(user: string, stream: boolean): Promise<Response> {
  return fetch(`${system.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json", "x-user-id": user },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: `I am ${user}` }], stream }),
  });
}

const spansOf = (user: string) => system.spans().filter((span) => span.user === user);

describe("a function that is killed in the middle of a call", () => {
  it("leaves one trace, an ERROR with the request, and no other call gets a second one", async () => {
    await (await post("alive", false)).json();

    upstream.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("half"));
    };
    const response = await post("killed", true);
    const reader = response.body?.getReader();
    await reader?.read();
    const [busy] = system.gateway.environments.filter(({ state }) => state === "busy");
    await busy?.kill();
    await expect(reader?.read()).rejects.toThrow("terminated");

    await expect.poll(() => spansOf("killed"), { timeout: 90_000, interval: 200 }).toHaveLength(1);
    expect(spansOf("killed")).toMatchObject([
      {
        level: "ERROR",
        statusMessage: expect.stringContaining("function_killed") as string,
        input: { messages: [{ role: "user", content: "I am killed" }] },
        usage: { total: 0 },
      },
    ]);
    expect(spansOf("alive")).toHaveLength(1);
    expect(system.sink?.counts()).toEqual({ received: 2, stored: 2 });
  }, 400_000);
});
