/** `sluice traces show`: from the local sink, from Langfuse v4 and from v3, by either id. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSpan, exportBody } from "@sluice/langfuse";
import { parseSpanId, parseTraceId } from "@sluice/trace";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startSink } from "../../../../packages/local/src/sink/server.ts";
import { NOON_MS } from "../../../support/cli.ts";
import { examinedPlace } from "../../../support/examined-place.ts";
import { SERVER_KEYS } from "../../../support/langfuse-server.ts";
import { logEvents } from "../../../support/log-events.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const REQUEST = "req_15cf446faff2d70bad2ec0383e2aad7a";
const GROUP = "/aws/lambda/sluice-production-gateway";

const trace = parseTraceId(TRACE);
const root = parseSpanId("00f067aa0ba902b7");
const child = parseSpanId("00f067aa0ba902b8");
if (!trace || !root || !child) throw new Error("These are ids.");

/** A call that failed over once, as the flusher exports it. */
const SPANS = exportBody([
  encodeSpan({
    traceId: trace,
    spanId: root,
    name: "chat gpt-4o-mini",
    startedAtMs: NOON_MS,
    endedAtMs: NOON_MS + 800,
    attributes: {
      "langfuse.observation.type": "generation",
      "langfuse.observation.model.name": "gpt-4o-mini",
      "langfuse.observation.completion_start_time": new Date(NOON_MS + 400).toISOString(),
      "langfuse.observation.usage_details": '{"input":12,"input_cached_tokens":4,"output":34,"total":50}',
      "langfuse.observation.cost_details": '{"input":0.0000018,"total":0.0000222}',
      "langfuse.observation.input": '{"messages":[{"role":"user","content":"Where is my parcel?"}]}',
      "langfuse.observation.output": '{"role":"assistant","content":"On its way."}',
      "langfuse.trace.name": "support",
      "langfuse.trace.tags": ["shop", "night"],
      "user.id": "ada",
      "session.id": "s-1",
      "langfuse.observation.metadata.request_id": REQUEST,
      "langfuse.observation.metadata.key_alias": "shop",
      "langfuse.observation.metadata.http_status": 200,
    },
  }),
  encodeSpan({
    traceId: trace,
    spanId: child,
    parentSpanId: root,
    name: "attempt 1",
    startedAtMs: NOON_MS,
    endedAtMs: NOON_MS + 200,
    error: "overloaded",
    attributes: {
      "langfuse.observation.type": "span",
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": "HTTP 529",
    },
  }),
]);

const SHOWN = `trace    ${TRACE}
name     support
request  ${REQUEST}
key      shop
user     ada
session  s-1
tags     shop, night
began    2026-11-21T12:00:00.000Z
took     800 ms
cost     $0.0000222

SPAN              TYPE        LEVEL    MODEL        TOKENS                                      COST    TOOK  WHEN
chat gpt-4o-mini  generation  DEFAULT  gpt-4o-mini  12 input, 4 input_cached_tokens, 34 output  $0.0000222  800 ms  ░░░░░░░░░░░░░░░░████████████████
  attempt 1       span        ERROR    -            -                                                    -  200 ms  ████████

span         chat gpt-4o-mini
http_status  200

span    attempt 1
status  HTTP 529
`;

async function post(url: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${SERVER_KEYS.publicKey}:${SERVER_KEYS.secretKey}`).toString("base64")}`;
  const response = await fetch(`${url}/api/public/otel/v1/traces`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", "x-langfuse-ingestion-version": "4" },
    body: Buffer.from(SPANS),
  });
  expect(response.status).toBe(200);
}

async function withSink() {
  const place = await examinedPlace();
  const sink = await startSink({ keys: SERVER_KEYS });
  onTestFinished(() => sink.close());
  await place.pointLangfuseAt(sink.url);
  await post(sink.url);
  return place.cli;
}

/** The same place, as a stage that the AWS SDK's own variables lead to. */
async function asStage(version: string) {
  const place = await examinedPlace({ langfuse: { version } });
  const { cli, langfuse, server, secretsUrl, config } = place;
  await place.writeConfig();
  await place.putSecretOf("production", "drains", { default: SERVER_KEYS });
  const line = {
    time: new Date(NOON_MS).toISOString(),
    message: "A call has ended.",
    requestId: REQUEST,
    traceId: TRACE,
    keyId: "key_1",
    outcome: "answered",
  };
  const logs = await logEvents(
    { [GROUP]: [{ timestamp: NOON_MS - 60_000, message: JSON.stringify(line) }] },
    5,
  );
  for (const [service, url] of [
    ["DYNAMODB", cli.dynamodb.url],
    ["SQS", server.url],
    ["S3", server.url],
    ["SECRETS_MANAGER", secretsUrl],
    ["CLOUDWATCH_LOGS", logs.url],
  ]) {
    vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, url);
  }
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "example");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await mkdir(join(cli.dataDirectory, ".sst"));
  const outputs = { table: cli.table, providersSecret: "sluice/production/providers" };
  await writeFile(join(cli.dataDirectory, ".sst/outputs.json"), JSON.stringify(outputs));
  await post(langfuse.baseUrl);
  const show = (...args: readonly string[]) =>
    cli.run("traces", "show", ...args, "--stage", "production", "--config", config);
  return { ...place, logs, show };
}

describe("sluice traces show --local", () => {
  it.each([TRACE, REQUEST])(
    "shows a waterfall, tokens, cost and status for %s, and no content",
    async (id) => {
      const cli = await withSink();
      const { stdout, exitCode } = await cli.run("traces", "show", id, "--local");
      expect(exitCode).toBe(0);
      expect(stdout.replaceAll(/ +/g, " ")).toBe(SHOWN.replaceAll(/ +/g, " "));
      expect(stdout).not.toMatch(/parcel|On its way/);
    },
  );

  it("shows content with --content alone, also as JSON", async () => {
    const cli = await withSink();
    const { stdout } = await cli.run("traces", "show", TRACE, "--content", "--local");
    expect(stdout).toContain('"content": "Where is my parcel?"');
    expect(JSON.stringify(await cli.json("traces", "show", TRACE))).not.toContain("parcel");
    expect(await cli.json("traces", "show", TRACE, "--content")).toMatchObject({
      id: TRACE,
      user: "ada",
      spans: [
        {
          model: "gpt-4o-mini",
          costUsd: 0.0000222,
          output: { content: "On its way." },
          usage: { output: 34 },
        },
        { parentId: "00f067aa0ba902b7", level: "ERROR", statusMessage: "HTTP 529" },
      ],
    });
  });

  it.each([TRACE.replace("4", "5"), REQUEST.replace("1", "2")])(
    "says that there is no %s, and why that may be",
    async (id) => {
      const cli = await withSink();
      const { stderr, exitCode } = await cli.run("traces", "show", id, "--local", "--json");
      expect(exitCode).toBe(1);
      const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
      expect(error).toMatchObject({ code: "not_found", message: expect.stringContaining("queue status") });
    },
  );

  it("takes nothing else for an id", async () => {
    const cli = await withSink();
    const { stderr, exitCode } = await cli.run("traces", "show", "../health", "--local");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("An id has 32 hex digits");
  });

  it("says where to look when the traces go to another server", async () => {
    const { cli } = await examinedPlace();
    const { stderr, exitCode } = await cli.run("traces", "show", TRACE, "--local");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("which is not its own sink");
  });
});

describe("sluice traces show --stage", () => {
  it.each(["4.16.0", "3.30.0"])("asks Langfuse %s with the drain's keys", async (version) => {
    const { show } = await asStage(version);
    const { stdout, stderr, exitCode } = await show(TRACE, "--json", "--content");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      id: TRACE,
      spans: [
        {
          type: "generation",
          model: "gpt-4o-mini",
          costUsd: 0.0000222,
          usage: { output: 34 },
          output: { content: "On its way." },
        },
        { type: "span", parentId: "00f067aa0ba902b7", level: "ERROR" },
      ],
    });
  });

  it("finds the trace of a request in the gateway's log", async () => {
    const { show, logs } = await asStage("4.16.0");
    const { stdout } = await show(REQUEST);
    expect(stdout.replaceAll(/ +/g, " ")).toBe(SHOWN.replaceAll(/ +/g, " "));
    expect(logs.requests[0]).toMatchObject({ logGroupName: GROUP, filterPattern: `"${REQUEST}"` });
    const { stderr } = await show(REQUEST, "--since", "30s");
    expect(stderr).toContain("read further back with --since");
  });

  it("says that the drain refuses its keys, and shows none of them", async () => {
    const { show, putSecretOf } = await asStage("4.16.0");
    await putSecretOf("production", "drains", { default: { ...SERVER_KEYS, secretKey: "sk-lf-bad" } });
    const { stderr, exitCode } = await show(TRACE);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/"default" answers HTTP 401.*doctor --stage production/);
    expect(stderr).not.toContain("sk-lf-bad");
  });

  it("says that there is no such drain", async () => {
    const { show } = await asStage("4.16.0");
    expect((await show(TRACE, "--drain", "other")).stderr).toContain('no drain "other" to Langfuse');
  });
});
