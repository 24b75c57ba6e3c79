/** Whether each drain can be written to: over TLS, with credentials that it takes, and, where its API lets us, read back. */
import type { ResolvedDrain } from "@sluice/config";
import { basicAuthorization, CredentialsError, readLangfuseKeys, readSecretHeaders } from "@sluice/langfuse";
import type { Probe } from "../http-probe.ts";
import { messageIn } from "../http-probe.ts";
import { createLangfuseApi, type LangfuseServer } from "../langfuse/langfuse-api.ts";
import { type CanaryWorld, writeCanary } from "./canary.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

/** What the check of drains needs. */
export interface DrainChecks extends CanaryWorld {
  /** The drains' secret; undefined when it cannot be read. */
  readonly credentials: Readonly<Record<string, unknown>> | undefined;
  readonly probe: Probe;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** The first server that takes OpenTelemetry (Langfuse documentation, "OpenTelemetry"). */
const FIRST_WITH_OTLP = { major: 3, minor: 22 };

/** Checks one drain; the first thing that is wrong ends it, since what follows would be wrong for the same reason. */
export async function checkDrain(drain: ResolvedDrain, checks: DrainChecks): Promise<readonly Finding[]> {
  const { name, baseUrl, type } = drain;
  const title = `drain ${name}`;
  const url = URL.parse(baseUrl);
  if (!url) return [fail(title, `Its address is no URL: ${baseUrl}.`, `correct baseUrl of drains.${name}`)];
  if (url.protocol !== "https:" && !LOOPBACK.test(url.hostname)) {
    const message = `Its address is ${url.protocol}//${url.host}: keys and content would travel in the open.`;
    return [fail(title, message, `use https:// in baseUrl of drains.${name}, or in LANGFUSE_BASE_URL`)];
  }
  return type === "otlp" ? [await checkOtlp(drain, checks)] : await checkLangfuse(drain, checks);
}

/** Any OpenTelemetry backend takes an empty export, and says nothing of what it holds. */
async function checkOtlp(drain: ResolvedDrain, { credentials, probe }: DrainChecks): Promise<Finding> {
  const { name, baseUrl, headers, protocol } = drain;
  const title = `drain ${name}`;
  if (!credentials) return skip(title, "Its credentials cannot be read, and were not tried.");
  let secret: Readonly<Record<string, string>>;
  try {
    secret = readSecretHeaders(name, member(credentials, name));
  } catch (error) {
    return malformed(title, error);
  }
  const isJson = protocol === "http/json";
  const answer = await probe(`${baseUrl}/v1/traces`, {
    method: "POST",
    headers: {
      ...headers,
      ...secret,
      "content-type": isJson ? "application/json" : "application/x-protobuf",
    },
    // An ExportTraceServiceRequest without spans: no bytes at all in protobuf.
    body: isJson ? '{"resourceSpans":[]}' : "",
  });
  if (answer.kind === "unanswered") return fail(title, `${answer.reason}.`, answer.remedy);
  const { status, body } = answer;
  if (status < 300) return ok(title, "It takes an empty export.");
  const said = messageIn(body);
  const because = `HTTP ${status}${said === undefined ? "" : `: ${said}`}`;
  if (status === 401 || status === 403) {
    const remedy = `store its headers in the drains' secret: {"${name}": {"headers": {"authorization": "…"}}}`;
    return fail(title, `It refuses the credentials (${because}).`, remedy);
  }
  if (status === 404 || status === 405) {
    const message = `There is no OTLP endpoint at ${baseUrl}/v1/traces (${because}).`;
    return fail(title, message, `correct baseUrl of drains.${name}: everything before /v1/traces`);
  }
  // Some backends take no export without spans, and say so only once the credentials were good.
  if (status === 400)
    return ok(title, "It is reached and takes the credentials; it wants spans in an export.");
  return warn(title, `It has a problem now (${because}).`, "look at the backend's status page");
}

async function checkLangfuse(drain: ResolvedDrain, checks: DrainChecks): Promise<readonly Finding[]> {
  const { name, baseUrl } = drain;
  const title = `drain ${name}`;
  if (!checks.credentials) return [skip(title, "Its keys cannot be read, and were not tried.")];
  let authorization: string;
  try {
    authorization = basicAuthorization(name, readLangfuseKeys(name, member(checks.credentials, name)));
  } catch (error) {
    return [malformed(title, error)];
  }
  const api = createLangfuseApi(baseUrl, authorization, checks.probe);
  const health = await api.health();
  if (health.kind === "unanswered") return [fail(title, `${health.reason}.`, health.remedy)];
  if (health.kind === "refused") {
    const message = `No Langfuse answers at ${baseUrl} (HTTP ${health.status}).`;
    return [
      fail(title, message, `correct baseUrl of drains.${name}, or use type "otlp" for another backend`),
    ];
  }
  const { server } = health;
  const projects = await api.projects();
  if (projects.kind === "unanswered") return [fail(title, `${projects.reason}.`, projects.remedy)];
  if (projects.kind === "refused" && (projects.status === 401 || projects.status === 403)) {
    const said = projects.said === undefined ? "" : `: ${projects.said}`;
    return [
      fail(
        title,
        `Langfuse refuses the keys (HTTP ${projects.status}${said}).`,
        `store both keys of one project in the drains' secret: {"${name}": {"publicKey": "pk-lf-…", "secretKey": "sk-lf-…"}}`,
      ),
    ];
  }
  const project = projects.kind === "projects" ? projects.names[0] : undefined;
  const where = `Langfuse ${server.version}${project === undefined ? "" : `, project "${project}"`}`;
  const mismatch = mismatchOf(drain, server);
  if (mismatch) return [mismatch];
  const canary = await writeCanary({ drain, authorization, api, server }, checks);
  return [ok(title, `${where}, takes the keys. ${modeOf(drain, server)}`), canary];
}

/** A type that does not fit the server's version: it would answer every export with a refusal, or lose it. */
function mismatchOf({ name, type }: ResolvedDrain, server: LangfuseServer): Finding | undefined {
  const title = `drain ${name}`;
  const { version, major, minor, isSink } = server;
  if (isSink) return undefined;
  if (type === "langfuse-legacy" && major >= 4) {
    const message = `The server is Langfuse ${version}, which takes no traces by the ingestion batch.`;
    return fail(title, message, `set type of drains.${name} to "langfuse"`);
  }
  const { major: first, minor: firstMinor } = FIRST_WITH_OTLP;
  if (type === "langfuse" && (major < first || (major === first && minor < firstMinor))) {
    const message = `The server is Langfuse ${version}, which takes no OpenTelemetry.`;
    return fail(
      title,
      message,
      `set type of drains.${name} to "langfuse-legacy", or upgrade the server to ${first}.${firstMinor} or later`,
    );
  }
  return undefined;
}

function modeOf({ type }: ResolvedDrain, { major, isSink }: LangfuseServer): string {
  if (type === "langfuse-legacy") return "Traces go by the ingestion batch.";
  if (isSink) return "Traces go by OpenTelemetry.";
  return major >= 4
    ? "Traces go by OpenTelemetry, the direct path (ingestion version 4)."
    : "Traces go by OpenTelemetry, and are seen once its worker has taken them.";
}

function member(secret: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(secret, name) ? secret[name] : undefined;
}

function malformed(title: string, error: unknown): Finding {
  if (!(error instanceof CredentialsError)) throw error;
  return fail(title, error.message, "put the drains' secret again, as docs/deploy.md says");
}
