/** Langfuse in the storm: takes spans, refuses them, or breaks in every way, and remembers what it took and how. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { attributesOf, type ReceivedSpan } from "../../support/langfuse-endpoint.ts";

/** One time that a span was taken. */
export interface Acceptance {
  /** Unix time, ms. */
  readonly atMs: number;
  readonly callId: string;
  /** As the call named it: `storm-<n>`. */
  readonly user: string;
  /** SHA-256 of the span as it came, and of the failed attempts below it, but for what is the message's own: its time of arrival. */
  readonly digest: string;
  /** Whether it says that the function was killed. */
  readonly dead: boolean;
  /** The ledger's cost, USD as decimal text. */
  readonly costUsd: string | undefined;
  /** Whether the connection was broken before the answer. */
  readonly answerLost: boolean;
}

/** What is done with an export. */
export type Reception =
  | {
      readonly kind: "take";
      /** Time until the answer begins, ms. */
      readonly afterMs?: number;
      /** Time that the answer's body takes, ms. */
      readonly bodyOverMs?: number;
    }
  | { readonly kind: "take, then reset" }
  | { readonly kind: "refuse"; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: "reset" };

/** A running Langfuse. */
export interface StormLangfuse {
  readonly baseUrl: string;
  /** By trace and span id, in the order in which they came. */
  readonly accepted: ReadonlyMap<string, readonly Acceptance[]>;
  /** Whether spans of calls that are poison are refused, by the call's user. */
  poison: (user: string) => boolean;
  /** Whether a refusal for one span holds for all that came with it: what an exporter that does not bisect would see. */
  guiltByAssociation: boolean;
  stop(): Promise<void>;
}

/**
 * Starts it. `receive` decides on each export that has no poison in it, by the number of calls in it; `admits` knows which secret
 * keys are valid.
 */
export async function startStormLangfuse(
  receive: (calls: number) => Reception,
  admits: (secretKey: string) => boolean,
): Promise<StormLangfuse> {
  const accepted = new Map<string, Acceptance[]>();
  const condemned = new Set<string>();

  function take(spans: readonly ReceivedSpan[], answerLost: boolean): void {
    for (const { span, attempts } of callsOf(spans)) {
      const attributes = attributesOf(span);
      const acceptance = {
        atMs: Date.now(),
        callId: String(attributes["langfuse.observation.metadata.request_id"]),
        user: String(attributes["user.id"]),
        digest: createHash("sha256")
          .update(JSON.stringify([span, ...attempts].map(withoutArrival)))
          .digest("hex"),
        dead: attributes["langfuse.observation.metadata.outcome_code"] === "function_killed",
        costUsd: attributes["langfuse.observation.metadata.cost_usd"] as string | undefined,
        answerLost,
      };
      const name = `${span.traceId}/${span.spanId}`;
      accepted.set(name, [...(accepted.get(name) ?? []), acceptance]);
    }
  }

  function answer(body: Buffer, response: ServerResponse): void {
    const spans = spansOf(body);
    const isPoison = (span: ReceivedSpan) =>
      langfuse.poison(String(attributesOf(span)["user.id"])) ||
      (langfuse.guiltByAssociation && condemned.has(span.spanId));
    if (spans.some(isPoison)) {
      if (langfuse.guiltByAssociation) for (const { spanId } of spans) condemned.add(spanId);
      response.writeHead(400).end('{"message":"poison"}');
      return;
    }
    const reception = receive(callsOf(spans).length);
    if (reception.kind === "reset") response.destroy();
    if (reception.kind === "refuse") {
      const { status, retryAfterSeconds } = reception;
      const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
      response.writeHead(status, headers).end(`{"message":"storm ${status}"}`);
    }
    if (reception.kind === "take, then reset") {
      take(spans, true);
      response.destroy();
    }
    if (reception.kind === "take") {
      take(spans, false);
      const { afterMs = 0, bodyOverMs } = reception;
      setTimeout(() => {
        response.writeHead(200);
        if (bodyOverMs === undefined) {
          response.end("{}");
          return;
        }
        response.write("{");
        setTimeout(() => response.end("}"), bodyOverMs);
      }, afterMs);
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [, secretKey = ""] = Buffer.from(
        request.headers.authorization?.slice("Basic ".length) ?? "",
        "base64",
      )
        .toString()
        .split(":");
      if (!admits(secretKey)) {
        response.writeHead(401).end('{"message":"Invalid credentials."}');
        return;
      }
      const raw = Buffer.concat(chunks);
      answer(request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const langfuse: StormLangfuse = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    poison: () => false,
    guiltByAssociation: false,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return langfuse;
}

/** Attribute of a failed attempt's span, which comes with its call's. */
const ATTEMPT = "langfuse.observation.metadata.attempt";
/** How long the record's message took to the queue. SQS may have a record in two messages, and so may the queue and the spill. */
const ARRIVAL = "langfuse.observation.metadata.queue_ms";

/** The calls' own spans, each with those of its failed attempts. An attempt without its call stands alone, and is found out. */
function callsOf(spans: readonly ReceivedSpan[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const isBelow = (span: ReceivedSpan) =>
    attributesOf(span)[ATTEMPT] !== undefined && ids.has(span.parentSpanId ?? "");
  const attempts = Map.groupBy(spans.filter(isBelow), ({ parentSpanId }) => parentSpanId);
  return spans
    .filter((span) => !isBelow(span))
    .map((span) => ({ span, attempts: attempts.get(span.spanId) ?? [] }));
}

function withoutArrival(span: ReceivedSpan): ReceivedSpan {
  return { ...span, attributes: span.attributes.filter(({ key }) => key !== ARRIVAL) };
}

function spansOf(body: Buffer): readonly ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body.toString()) as {
    resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
