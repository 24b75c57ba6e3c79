import { afterEach, describe, expect, it } from "vitest";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import { chatCompletion, json, startUpstream } from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function start(setup: Partial<GatewaySetup> = {}, deadMansSwitch = true) {
  const upstream = await startUpstream(json(chatCompletion("hi")));
  const gateway = await startGateway({
    config: { providers: { openai: { baseUrl: upstream.baseUrl } }, deadMansSwitch },
    ...setup,
  });
  stops.push(upstream.stop, gateway.stop);
  return { upstream, gateway };
}

async function chat(gateway: TestGateway, body: string): Promise<Response> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.secret}`, "x-user-id": "u" },
    body,
  });
  await response.arrayBuffer();
  return response;
}

const BODY = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';

describe("the dead man's switch of a call", () => {
  it("holds all that is known when the call begins, and arrives when it must have ended", async () => {
    const { gateway } = await start({ timeoutMs: 120_000 });
    await chat(gateway, BODY);
    expect(gateway.switches).toHaveLength(1);
    const { record, delaySeconds } = gateway.switches[0] ?? {};
    const [exchange] = gateway.records;
    expect(record).toMatchObject({
      callId: exchange?.callId,
      trace: exchange?.trace,
      provider: "openai",
      model: "gpt-4o",
      requestedModel: "gpt-4o",
    });
    expect(Buffer.from(record?.request.body ?? []).toString()).toBe(BODY);
    expect(delaySeconds).toBeGreaterThan(110);
    expect(delaySeconds).toBeLessThanOrEqual(120);
  });

  it("is delayed no longer than SQS allows", async () => {
    const { gateway } = await start({ timeoutMs: 3_600_000 });
    await chat(gateway, BODY);
    expect(gateway.switches[0]?.delaySeconds).toBe(900);
  });

  it("is not armed for a call that is refused", async () => {
    const { gateway } = await start();
    await chat(gateway, "{");
    expect(gateway.switches).toEqual([]);
    expect(gateway.records).toHaveLength(1);
  });

  it("keeps nobody waiting once the call's own record is safe", async () => {
    let given: AbortSignal | undefined;
    const { gateway } = await start({
      // A queue that takes requests and does not answer.
      arm: async (_record, options) => {
        given = options?.signal;
        await new Promise((_resolve, reject) => {
          given?.addEventListener("abort", () => reject(new Error("given up")), { once: true });
        });
      },
      send: async () => {
        expect(given?.aborted).toBe(false);
        await Promise.resolve();
      },
    });
    expect((await chat(gateway, BODY)).status).toBe(200);
    await Promise.all(gateway.invocations);
    expect(given?.aborted).toBe(true);
    expect(gateway.records).toHaveLength(1);
    expect(gateway.switches).toEqual([]);
    expect(gateway.logLines).toEqual([]);
  });

  it("that the queue refuses is told in the log, and the call goes on", async () => {
    const { gateway } = await start({ arm: async () => await Promise.reject(new Error("no queue")) });
    expect((await chat(gateway, BODY)).status).toBe(200);
    await Promise.all(gateway.invocations);
    expect(gateway.records).toHaveLength(1);
    expect(gateway.logLines).toMatchObject([
      { message: expect.stringContaining("could not be armed") as string },
    ]);
  });

  it("can be turned off", async () => {
    const { gateway } = await start({}, false);
    await chat(gateway, BODY);
    expect(gateway.switches).toEqual([]);
    expect(gateway.records).toHaveLength(1);
  });
});
