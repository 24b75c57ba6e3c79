/** `sluice tail`: calls as they arrive in the sink, and as a stage's gateway writes them to its log. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCallMetrics, createKeyStore } from "@sluice/aws";
import { encodeSpan, exportBody } from "@sluice/langfuse";
import { newSpanId, newTraceId, type SpanId, type TraceId } from "@sluice/trace";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readCallLine } from "../../../../packages/cli/src/tail/gateway-log.ts";
import { startSink } from "../../../../packages/local/src/sink/server.ts";
import { type CommandLine, commandLine, NOON_MS, writeEndpointsFile } from "../../../support/cli.ts";
import { seededRandom } from "../../../support/delivery.ts";
import { type LogEvent, logEvents } from "../../../support/log-events.ts";

const KEYS = { publicKey: "pk-lf-local", secretKey: "sk-lf-local" };
const GROUP = "/aws/lambda/sluice-production-gateway";
const random = seededRandom(4);
const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));

interface Call {
  readonly number: number;
  readonly key?: string;
  readonly model?: string;
  readonly level?: string;
  readonly traceId?: TraceId;
  readonly spanId?: SpanId;
  readonly parentSpanId?: SpanId;
}

const requestId = (number: number) => `req_${String(number).padStart(32, "0")}`;

function spanOf(call: Call): Uint8Array {
  const { number, key = "shop", model = "gpt-4o-mini", level = "DEFAULT", parentSpanId } = call;
  const metadata = (name: string) => `langfuse.observation.metadata.${name}`;
  return encodeSpan({
    traceId: call.traceId ?? newTraceId(bytes),
    spanId: call.spanId ?? newSpanId(bytes),
    ...(parentSpanId && { parentSpanId }),
    name: `chat ${model}`,
    startedAtMs: NOON_MS + number * 1000,
    endedAtMs: NOON_MS + number * 1000 + 250,
    attributes: {
      "langfuse.observation.type": "generation",
      "langfuse.observation.level": level,
      "langfuse.observation.model.name": model,
      "langfuse.observation.usage_details": '{"input":10,"input_cached_tokens":2,"output":5,"total":17}',
      "langfuse.observation.cost_details": '{"total":0.00012}',
      "langfuse.observation.input": '"a secret question"',
      [metadata("request_id")]: requestId(number),
      [metadata("key_alias")]: key,
      [metadata("provider")]: "openai",
      [metadata("http_status")]: level === "ERROR" ? 500 : 200,
      [metadata("duration_ms")]: 250,
    },
  });
}

/** A command line on a sink, and a way to let calls arrive in it. */
async function withSink() {
  const sink = await startSink({ keys: KEYS });
  onTestFinished(() => sink.close());
  const cli = await commandLine();
  await writeEndpointsFile(cli.dataDirectory, cli.dynamodb.url, process.pid, undefined, {
    langfuseUrl: sink.url,
  });
  const authorization = `Basic ${Buffer.from(`${KEYS.publicKey}:${KEYS.secretKey}`).toString("base64")}`;
  const arrive = async (...calls: readonly Call[]) => {
    await fetch(`${sink.url}/api/public/otel/v1/traces`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: Buffer.from(exportBody(calls.map(spanOf))),
    });
  };
  return { cli, arrive };
}

/** Starts the command, lets `then` happen once it has printed so many lines, and ends it with Ctrl-C. */
async function interrupted(cli: CommandLine, args: readonly string[], then: () => Promise<void>) {
  const controller = new AbortController();
  cli.interrupt = controller.signal;
  const running = cli.run("tail", ...args);
  await then();
  controller.abort();
  return await running;
}

const numbers = (stdout: string) =>
  stdout
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => Number((JSON.parse(text) as { requestId: string }).requestId.slice(4)));

describe("sluice tail --local", () => {
  it("shows calls as they arrive, each once and the oldest first, until Ctrl-C", async () => {
    const { cli, arrive } = await withSink();
    cli.nowMs = NOON_MS + 2500;
    await arrive({ number: 1 }, { number: 2 });
    const { stdout, exitCode } = await interrupted(cli, ["--local", "--json", "--last", "1"], async () => {
      await vi.waitFor(() => expect(numbers(cli.printed())).toEqual([2]), 5000);
      await arrive({ number: 4 }, { number: 3 });
      await vi.waitFor(() => expect(numbers(cli.printed())).toEqual([2, 3, 4]), 5000);
      await arrive({ number: 5 });
      await vi.waitFor(() => expect(numbers(cli.printed())).toEqual([2, 3, 4, 5]), 5000);
    });
    expect(exitCode).toBe(0);
    expect(numbers(stdout)).toEqual([2, 3, 4, 5]);
  });

  it("tells what a call was, in a line without content", async () => {
    const { cli, arrive } = await withSink();
    await arrive({ number: 1 }, { number: 2, level: "ERROR" });
    const tail = ["tail", "--local", "--last", "10", "--for", "0s"];
    const { stdout } = await cli.run(...tail);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(
        /^12:00:01\.250 {2}DEFAULT {3}200 {2}shop +openai\/gpt-4o-mini +250 ms +12 > 5 {2}\$0\.000120 {2}[0-9a-f]{32}$/,
      ),
      expect.stringMatching(/^12:00:02\.250 {2}ERROR {5}500 /),
    ]);
    expect(stdout).not.toContain("secret question");
    const first = (await cli.run(...tail, "--json")).stdout.split("\n")[0] ?? "";
    expect(JSON.parse(first)).toEqual({
      at: new Date(NOON_MS + 1250).toISOString(),
      requestId: requestId(1),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      level: "DEFAULT",
      key: "shop",
      model: "gpt-4o-mini",
      provider: "openai",
      status: 200,
      durationMs: 250,
      inputTokens: 12,
      outputTokens: 5,
      costUsd: 0.00012,
    });
  });

  it.each<[filter: readonly string[], shown: readonly number[]]>([
    [
      ["--key", "shop"],
      [1, 3, 4],
    ],
    [["--key", "nobody"], []],
    [
      ["--model", "gpt-*"],
      [1, 2, 4],
    ],
    [["--model", "gpt"], []],
    [
      ["--level", "warning"],
      [3, 4],
    ],
    [["--level", "error", "--key", "shop"], [4]],
  ])("filters by %j", async (filter, shown) => {
    const { cli, arrive } = await withSink();
    await arrive(
      { number: 1 },
      { number: 2, key: "ci" },
      { number: 3, model: "claude-haiku-4-5", level: "WARNING" },
      { number: 4, level: "ERROR" },
    );
    const all = ["tail", "--local", "--json", "--last", "10", "--for", "0s"];
    expect(numbers((await cli.run(...all, ...filter)).stdout)).toEqual(shown);
  });

  it("takes an attempt for a part of its call", async () => {
    const { cli, arrive } = await withSink();
    const traceId = newTraceId(bytes);
    const spanId = newSpanId(bytes);
    await arrive({ number: 1, traceId, spanId }, { number: 1, traceId, parentSpanId: spanId });
    const { stdout } = await cli.run("tail", "--local", "--json", "--last", "10", "--for", "0s");
    expect(numbers(stdout)).toEqual([1]);
  });

  it("shows none that ended before, unless it is asked to", async () => {
    const { cli, arrive } = await withSink();
    cli.nowMs = NOON_MS + 60_000;
    await arrive({ number: 1 });
    expect((await cli.run("tail", "--local", "--for", "0s")).stdout).toBe("");
  });
});

/** A line as the gateway writes it, by the code that writes it. */
function gatewayLine(
  number: number,
  fields: { readonly keyId?: string; readonly status?: number } = {},
): LogEvent {
  const lines: string[] = [];
  const atMs = NOON_MS + number * 1000;
  createCallMetrics({ write: (line) => lines.push(line), stage: "production", nowMs: () => atMs })({
    traced: true,
    endpoint: "chat.completions",
    requestId: requestId(number),
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    keyId: fields.keyId ?? "key_1",
    streaming: true,
    outcome: "answered",
    providerStatus: fields.status ?? 200,
    provider: "openai",
    model: "gpt-4o-mini",
    attempts: 1,
    fellBack: false,
    durationMs: 900,
    overheadMs: 2,
    firstByteMs: 300,
    enqueueMs: 5,
    fate: "queued",
  });
  return { timestamp: atMs, message: lines[0] ?? "" };
}

async function withLog(events: LogEvent[]) {
  const cli = await commandLine();
  const logs = await logEvents({ [GROUP]: events }, 3);
  vi.stubEnv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url);
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", cli.dynamodb.url);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await mkdir(join(cli.dataDirectory, ".sst"));
  const outputs = { table: cli.table, providersSecret: "sluice/production/providers" };
  await writeFile(join(cli.dataDirectory, ".sst/outputs.json"), JSON.stringify(outputs));
  return { cli, logs };
}

describe("sluice tail --stage", () => {
  it("reads the lines of the gateway, with key aliases, over all pages, and late ones too", async () => {
    const events = [gatewayLine(1), gatewayLine(2, { status: 500 })];
    const { cli, logs } = await withLog(events);
    await cli.run("keys", "create", "--alias", "shop", "--stage", "production");
    const [key] = await createKeyStore(cli).list();
    events.push(gatewayLine(3, { keyId: key?.id ?? "" }), gatewayLine(4), gatewayLine(5));
    events.push({ timestamp: NOON_MS, message: "REPORT RequestId: 1 A call has ended. {}\n" });
    const args = ["--stage", "production", "--json"];
    const { stdout } = await interrupted(cli, args, async () => {
      await vi.waitFor(() => expect(numbers(cli.printed())).toEqual([1, 2, 3, 4, 5]), 5000);
      // Written before the fifth, and shown by CloudWatch after it.
      events.push({ ...gatewayLine(6), timestamp: NOON_MS + 4500 });
      await vi.waitFor(() => expect(numbers(cli.printed())).toEqual([1, 2, 3, 4, 5, 6]), 8000);
    });
    const calls = stdout
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as { key?: string; level: string });
    expect(calls.map(({ level }) => level)).toEqual([
      "DEFAULT",
      "ERROR",
      "DEFAULT",
      "DEFAULT",
      "DEFAULT",
      "DEFAULT",
    ]);
    expect(calls[2]?.key).toBe("shop");
    expect(calls[0]).toMatchObject({
      keyId: "key_1",
      durationMs: 900,
      firstTokenMs: 300,
      provider: "openai",
    });
    expect(logs.requests[0]).toMatchObject({ startTime: NOON_MS, filterPattern: '"A call has ended."' });
  });

  it("begins with the last calls of a quarter of an hour", async () => {
    const { cli, logs } = await withLog([1, 2, 3].map((number) => gatewayLine(number)));
    cli.nowMs = NOON_MS + 60_000;
    const { stdout } = await cli.run("tail", "--stage", "production", "--last", "2", "--for", "0s", "--json");
    expect(numbers(stdout)).toEqual([2, 3]);
    expect(logs.requests[0]?.startTime).toBe(cli.nowMs - 15 * 60_000);
  });

  it("says that there is no such log group", async () => {
    const { cli } = await withLog([]);
    const outputs = { table: cli.table, providersSecret: "sluice/other/providers" };
    await writeFile(join(cli.dataDirectory, ".sst/outputs.json"), JSON.stringify(outputs));
    const { stderr, exitCode } = await cli.run("tail", "--stage", "other");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("There is no log group /aws/lambda/sluice-other-gateway in us-east-1");
  });
});

describe("a line of the gateway's log", () => {
  it.each(["", "{", "[]", "null", '{"message":"A call has ended."}', "START RequestId: 1"])(
    "that is none of a call is passed over: %s",
    (text) => {
      expect(readCallLine(text)).toBeUndefined();
    },
  );
});
