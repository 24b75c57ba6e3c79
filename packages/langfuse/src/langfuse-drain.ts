/** The drain to Langfuse: OTLP over HTTP, `POST {base}/api/public/otel/v1/traces`, direct path (version 4). */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { callSpan } from "./call-span.ts";
import type { Drain, ExportOutcome } from "./drain.ts";
import { judge, type RequestVerdict } from "./export-policy.ts";
import { encodeToFit } from "./fit-span.ts";
import type { Post } from "./http-post.ts";
import { ENVELOPE_BYTES, exportBody } from "./otlp.ts";
import { packBySize } from "./pack.ts";

/** Largest export request before compression, bytes: Langfuse Cloud documents 5 MB, and 4 leaves room. */
export const MAX_EXPORT_BYTES = 4_000_000;
/** After so many rejected spans and none delivered the fault is taken to be the drain's, not theirs. */
const MAX_REJECTED_BEFORE_ANY_DELIVERED = 20;

const compress = promisify(gzip);

/** A Langfuse project's API keys. */
export interface LangfuseKeys {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** Where the keys of drains are kept. */
export interface DrainCredentials {
  /** The keys of a drain, or undefined when none are stored. Throws when the store does not answer. */
  keys(drain: string): Promise<LangfuseKeys | undefined>;
  /** Reads the store again, past any cache; for a drain that has just refused its keys. */
  refreshedKeys(drain: string): Promise<LangfuseKeys | undefined>;
}

/** What a drain to Langfuse is made of. */
export interface LangfuseDrainOptions {
  readonly name: string;
  /** The server, without a slash at the end. */
  readonly baseUrl: string;
  readonly credentials: DrainCredentials;
  readonly post: Post;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** A drain to one Langfuse project. */
export function createLangfuseDrain(options: LangfuseDrainOptions): Drain {
  return {
    name: options.name,
    encode: (call) => encodeToFit(callSpan(call), MAX_EXPORT_BYTES - ENVELOPE_BYTES),
    export: (spans) => exportSpans(spans, createSender(options)),
  };
}

/** Sends every span, in as few requests as fit, and halves a request that is refused for what is in it. */
async function exportSpans(
  spans: readonly Uint8Array[],
  send: (spans: readonly Uint8Array[]) => Promise<RequestVerdict>,
): Promise<readonly ExportOutcome[]> {
  const outcomes = spans.map((): ExportOutcome => ({ kind: "retry", reason: "The span was not sent." }));
  const count = { delivered: 0, rejected: 0 };
  const waiting = packBySize(spans, MAX_EXPORT_BYTES - ENVELOPE_BYTES);
  const settle = ({ from, to }: { from: number; to: number }, outcome: ExportOutcome) => {
    outcomes.fill(outcome, from, to);
    if (outcome.kind === "delivered") count.delivered += to - from;
    if (outcome.kind === "rejected") count.rejected += to - from;
  };
  for (let range = waiting.shift(); range; range = waiting.shift()) {
    const verdict = await send(spans.slice(range.from, range.to));
    if (verdict.kind === "split" && range.to - range.from > 1) {
      const middle = range.from + Math.ceil((range.to - range.from) / 2);
      waiting.unshift({ from: range.from, to: middle }, { from: middle, to: range.to });
      continue;
    }
    settle(range, asOutcome(verdict));
    const halt = haltOutcome(verdict, count);
    if (!halt) continue;
    for (const rest of waiting.splice(0)) settle(rest, halt);
  }
  return outcomes;
}

function asOutcome(verdict: RequestVerdict): ExportOutcome {
  if (verdict.kind === "delivered") return verdict;
  const { reason } = verdict;
  if (verdict.kind === "split") return { kind: "rejected", reason };
  return {
    kind: "retry",
    reason,
    ...(verdict.retryAfterMs !== undefined && { retryAfterMs: verdict.retryAfterMs }),
    ...(verdict.refusal && { refusal: verdict.refusal }),
  };
}

/** The outcome of all spans that were not sent yet, when sending them would be in vain. */
function haltOutcome(
  verdict: RequestVerdict,
  { delivered, rejected }: { readonly delivered: number; readonly rejected: number },
): ExportOutcome | undefined {
  if (verdict.kind === "retry") return verdict.halts ? asOutcome(verdict) : undefined;
  if (delivered > 0 || rejected < MAX_REJECTED_BEFORE_ANY_DELIVERED) return undefined;
  return { kind: "retry", reason: "Langfuse rejects every span, so the drain is at fault. See its status." };
}

/** Sends one request. Keys that are refused are read anew once for each export. */
function createSender({ name, baseUrl, credentials, post, nowMs }: LangfuseDrainOptions) {
  const url = new URL(`${baseUrl}/api/public/otel/v1/traces`);
  let refreshed = false;

  async function attempt(body: Uint8Array, keys: LangfuseKeys | undefined) {
    if (!keys) return undefined;
    const { publicKey, secretKey } = keys;
    const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}`;
    const headers = {
      authorization,
      "content-type": "application/json",
      "content-encoding": "gzip",
      "x-langfuse-ingestion-version": "4",
    };
    return post(url, headers, body);
  }

  return async (spans: readonly Uint8Array[]): Promise<RequestVerdict> => {
    try {
      const body = await compress(exportBody(spans));
      let result = await attempt(body, await credentials.keys(name));
      const isRefused = result?.kind === "answered" && result.status === 401;
      if (isRefused && !refreshed) {
        refreshed = true;
        result = await attempt(body, await credentials.refreshedKeys(name));
      }
      return result ? judge(result, nowMs()) : withoutKeys(name);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: "retry", reason: `The export could not be sent: ${why}`, halts: true };
    }
  };
}

function withoutKeys(name: string): RequestVerdict {
  const reason = `No keys are stored for the drain "${name}". Add them to the drains' secret.`;
  return { kind: "retry", reason, refusal: "keys_missing", halts: true };
}
