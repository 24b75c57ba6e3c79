/** A Langfuse server as somebody with keys sees it: health, projects, both ways of ingestion, and what was written read back. */
import {
  attributesOf,
  type LangfuseEndpoint,
  type ReceivedSpan,
  startLangfuseEndpoint,
} from "./langfuse-endpoint.ts";

/** What the server is like. */
export interface LangfuseServerOptions {
  /** Default `4.16.0`. Before version 4 there are traces to read, from it on observations alone. */
  readonly version?: string;
  readonly publicKey?: string;
  readonly secretKey?: string;
  /** Whether what was written can be read. Default true. */
  readonly shows?: boolean;
}

/** The keys that it takes by default. */
export const SERVER_KEYS = { publicKey: "pk-lf-good", secretKey: "sk-lf-good" } as const;

/** Starts one on a free port of this machine. */
export async function startLangfuseServer(options: LangfuseServerOptions = {}): Promise<LangfuseEndpoint> {
  const { version = "4.16.0", shows = true } = options;
  const { publicKey, secretKey } = { ...SERVER_KEYS, ...options };
  const expected = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}`;
  const major = Number(version.split(".")[0]);
  const answer = (status: number, body: unknown) => ({ status, body: JSON.stringify(body) });
  const missing = answer(404, { message: "Not found" });
  const server: LangfuseEndpoint = await startLangfuseEndpoint(({ path, headers, body }) => {
    const url = new URL(path, "http://langfuse");
    if (url.pathname === "/api/public/health") return answer(200, { status: "OK", version });
    if (headers.authorization !== expected) {
      return answer(401, {
        message: "Invalid credentials. Confirm that you've configured the correct host.",
      });
    }
    if (url.pathname === "/api/public/projects") {
      return answer(200, { data: [{ id: "cm1", name: "shop", organization: { id: "o1", name: "acme" } }] });
    }
    if (url.pathname === "/api/public/otel/v1/traces") return undefined;
    if (url.pathname === "/api/public/ingestion") return answer(207, ingest(body, major));
    const traceId =
      url.searchParams.get("traceId") ?? /^\/api\/public\/traces\/(\w+)$/.exec(url.pathname)?.[1];
    const spans = shows ? server.stored.filter((span) => span.traceId === traceId) : [];
    if (url.pathname === "/api/public/v2/observations" && major >= 4) {
      return answer(200, { data: spans.map(observation), meta: {} });
    }
    if (url.pathname.startsWith("/api/public/traces/") && major < 4 && spans.length > 0) {
      const observations = spans.map(observation);
      return answer(200, { id: traceId, name: spans[0]?.name, observations });
    }
    return missing;
  });
  return server;
}

/** From version 4 on every event but a score is refused, one by one (`events_only`). */
function ingest(body: string, major: number) {
  const { batch } = JSON.parse(body) as { batch: readonly { id: string }[] };
  if (major < 4) return { successes: batch.map(({ id }) => ({ id, status: 201 })), errors: [] };
  const message = "Ingestion of this event type is no longer supported";
  return { successes: [], errors: batch.map(({ id }) => ({ id, status: 400, message })) };
}

const DETAILS = { usage: "langfuse.observation.usage_details", cost: "langfuse.observation.cost_details" };

/** A span as Langfuse gives it back. */
function observation(span: ReceivedSpan): object {
  const attributes = attributesOf(span);
  const metadata = Object.entries(attributes).flatMap(([key, value]) => {
    const name = /^langfuse\.(?:trace|observation)\.metadata\.(.+)$/.exec(key)?.[1];
    return name === undefined ? [] : [[name, value]];
  });
  const time = (nanoseconds: string) => new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
  const json = (value: unknown) => (typeof value === "string" ? (JSON.parse(value) as unknown) : {});
  return {
    id: span.spanId,
    traceId: span.traceId,
    parentObservationId: span.parentSpanId ?? null,
    type: textOf(attributes["langfuse.observation.type"], "span").toUpperCase(),
    name: span.name,
    level: attributes["langfuse.observation.level"] ?? "DEFAULT",
    statusMessage: attributes["langfuse.observation.status_message"] ?? null,
    providedModelName: attributes["langfuse.observation.model.name"] ?? null,
    startTime: time(span.startTimeUnixNano),
    endTime: time(span.endTimeUnixNano),
    completionStartTime: attributes["langfuse.observation.completion_start_time"] ?? null,
    usageDetails: json(attributes[DETAILS.usage]),
    costDetails: json(attributes[DETAILS.cost]),
    metadata: Object.fromEntries(metadata),
    input: attributes["langfuse.observation.input"] ?? null,
    output: attributes["langfuse.observation.output"] ?? null,
    traceName: attributes["langfuse.trace.name"] ?? null,
    userId: attributes["user.id"] ?? null,
    sessionId: attributes["session.id"] ?? null,
    tags: attributes["langfuse.trace.tags"] ?? [],
  };
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}
