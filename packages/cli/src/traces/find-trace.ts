/** Finds the trace of a call: in the local system's sink, or in the Langfuse that a stage writes to. */
import { createJsonSecret } from "@sluice/aws";
import { basicAuthorization, CredentialsError, readLangfuseKeys } from "@sluice/langfuse";
import { parseJson } from "@sluice/wire";
import { noTrace, type ShowOptions } from "../commands/traces.ts";
import { CommandFailure } from "../failure.ts";
import { createProbe, type Probe } from "../http-probe.ts";
import { createLangfuseApi } from "../langfuse/langfuse-api.ts";
import { loadConfig } from "../options/config-option.ts";
import { gatewayLogGroup } from "../tail/gateway-log.ts";
import type { Place } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";
import { readSinkTrace, readSinkTraces } from "./read-trace.ts";
import type { TraceDocument } from "./trace-document.ts";

/** Newest traces of the sink that are searched for a request id. */
const SEARCHED = 1_000;

/** The trace of a trace id or a request id. Throws `CommandFailure` when there is none, or it cannot be asked for. */
export async function findTrace(
  id: string,
  place: Place,
  options: ShowOptions,
  terminal: Terminal,
): Promise<TraceDocument> {
  const probe = createProbe({ nowMs: terminal.nowMs, signal: terminal.interrupt });
  return place.where.kind === "local"
    ? await fromSink(id, place.where.endpoints.langfuseUrl, probe)
    : await fromLangfuse(id, place.where.stage, place, { options, terminal, probe });
}

async function fromSink(id: string, url: string, probe: Probe): Promise<TraceDocument> {
  const isRequest = id.startsWith("req_");
  const answer = await probe(isRequest ? `${url}/traces?limit=${SEARCHED}` : `${url}/traces/${id}`);
  if (answer.kind === "unanswered") {
    throw new CommandFailure("no_connection", `${answer.reason}: ${answer.remedy}.`);
  }
  if (answer.status !== 200) {
    if (answer.status === 404 && (await isSink(url, probe))) throw noTrace(id, "the local sink");
    throw new CommandFailure(
      "no_sink",
      `The local system writes to ${url}, which is not its own sink: look there, or start it without LANGFUSE_BASE_URL.`,
    );
  }
  if (!isRequest) return readSinkTrace(parseJson(answer.body));
  const trace = readSinkTraces(parseJson(answer.body)).find(({ spans }) =>
    spans.some(({ metadata }) => metadata["request_id"] === id),
  );
  if (!trace) throw noTrace(id, `the newest ${SEARCHED} traces of the local sink`);
  return trace;
}

async function isSink(url: string, probe: Probe): Promise<boolean> {
  const health = await createLangfuseApi(url, "", probe).health();
  return health.kind === "server" && health.server.isSink;
}

interface StageSearch {
  readonly options: ShowOptions;
  readonly terminal: Terminal;
  readonly probe: Probe;
}

async function fromLangfuse(
  id: string,
  stage: string,
  place: Place,
  { options, terminal, probe }: StageSearch,
): Promise<TraceDocument> {
  const traceId = id.startsWith("req_") ? await traceIdOf(id, stage, options.since, terminal) : id;
  const AWS_REGION = await place.client.config.region();
  const { resolved } = await loadConfig(options.config, { AWS_REGION });
  const drains = Object.values(resolved.drains).filter(
    ({ name, type }) => type !== "otlp" && (options.drain === undefined || options.drain === name),
  );
  if (drains.length === 0) {
    const which = options.drain === undefined ? "no drain" : `no drain "${options.drain}"`;
    throw new CommandFailure(
      "no_drain",
      `The config has ${which} to Langfuse: only such a drain can be asked for a trace.`,
    );
  }
  const { client, drains: secretId } = await place.secrets();
  const secret = await createJsonSecret(client, secretId, terminal.nowMs)
    .read()
    .finally(() => client.destroy());
  const problems: string[] = [];
  for (const { name, baseUrl } of drains) {
    try {
      const member = Object.hasOwn(secret, name) ? secret[name] : undefined;
      const authorization = basicAuthorization(name, readLangfuseKeys(name, member));
      const found = await createLangfuseApi(baseUrl, authorization, probe).trace(traceId);
      if (found.kind === "trace" && found.trace) return found.trace;
      if (found.kind === "unanswered") problems.push(`${found.reason}.`);
      if (found.kind === "refused") {
        const said = found.said === undefined ? "" : `: ${found.said}`;
        problems.push(`The drain "${name}" answers HTTP ${found.status}${said}.`);
      }
    } catch (error) {
      if (!(error instanceof CredentialsError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length === 0) throw noTrace(id, drains.map(({ baseUrl }) => baseUrl).join(" and "));
  throw new CommandFailure(
    "no_answer",
    `${problems.join(" ")} npx sluice doctor --stage ${stage} tells more.`,
  );
}

/** The gateway's log names both ids of a call. */
async function traceIdOf(id: string, stage: string, sinceMs: number, terminal: Terminal): Promise<string> {
  const { findCall } = await import("../tail/gateway-log.ts");
  const call = await findCall(gatewayLogGroup(stage), id, terminal.nowMs() - sinceMs);
  if (call) return call.traceId;
  throw new CommandFailure(
    "not_found",
    `The log ${gatewayLogGroup(stage)} has no call ${id}: read further back with --since, or give the trace id.`,
  );
}
