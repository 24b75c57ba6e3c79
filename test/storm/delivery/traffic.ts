/** The callers of the storm: what they ask, and what they saw. */
import { setTimeout as sleep } from "node:timers/promises";
import { CENT_REQUEST } from "../../support/cent-model.ts";
import type { Manner, Order } from "./model.ts";

/** What the caller of one call saw. */
export interface Seen {
  readonly call: number;
  readonly key: string;
  readonly manner: Manner;
  readonly kind: CallKind;
  readonly poison: boolean;
  /** When the answer, or what came instead of it, was over; Unix time in ms. */
  readonly endedAtMs: number;
  readonly status?: number;
  /** The call's id, when headers came that name it. */
  readonly callId?: string;
  /**
   * `whole`: the end of an answer, or of an error of the provider or the gateway. `broken`: a connection that broke, or an
   * error inside the stream. `left`: the caller did. `none`: no headers, or those of a function that failed. `stuck`: the
   * caller gave up after a time in which every function has ended.
   */
  readonly end: "whole" | "broken" | "left" | "none" | "stuck";
}

/** What a call asks for. */
export type CallKind = "chat" | "chat stream" | "embeddings";

/** Where calls go, and whose they are. */
export interface Target {
  readonly url: string;
  /** Secrets of virtual keys by name. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Share of calls that Langfuse refuses. */
const POISON_SHARE = 0.01;
/** Of callers that leave before the head, right after it, and in the middle of the body. */
const LEAVING_SHARES = { "before the head": 0.015, "after the head": 0.015, "in the body": 0.015 } as const;
const EMBEDDINGS_SHARE = 0.15;
const STREAMING_SHARE = 0.5;
/** Of requests, and as many of answers. */
const LARGE_SHARE = 0.005;
/** Characters that do not compress, so that the record needs a claim check. */
const LARGE_CHARACTERS = 1_500_000;
/** Longest time until a caller leaves that does not wait for the head, ms. */
const LEAVES_WITHIN_MS = 200;
/** A gateway lives for six seconds; whoever has waited for so long waits for nothing, ms. */
const STUCK_AFTER_MS = 60_000;

/** The user under which a call is found again. Poison can be told by it. */
export function userOf(call: number, poison: boolean): string {
  return `${poison ? "poison" : "storm"}-${call}`;
}

/** Makes one call; resolves to what its caller saw. */
export async function makeCall(call: number, random: () => number, { url, keys }: Target): Promise<Seen> {
  const names = [...keys.keys()];
  const key = names[Math.floor(random() * names.length)] ?? "";
  const kind = drawKind(random());
  const poison = random() < POISON_SHARE;
  const leaves = drawLeaving(random());
  const large = random();
  const order: Order = {
    call,
    manner: drawManner(random()),
    tokens: Math.floor(random() * 20),
    filling: large > 1 - LARGE_SHARE ? LARGE_CHARACTERS : 0,
  };
  const filling = large < LARGE_SHARE ? noise(random) : undefined;
  const seen = { call, key, manner: order.manner, kind, poison };
  const stuck = AbortSignal.timeout(STUCK_AFTER_MS);
  for (;;) {
    const leaving = new AbortController();
    let head: { status: number; callId?: string } | undefined;
    try {
      if (leaves === "before the head") setTimeout(() => leaving.abort(), random() * LEAVES_WITHIN_MS);
      const response = await fetch(`${url}/v1/${kind === "embeddings" ? "embeddings" : "chat/completions"}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${keys.get(key)}`,
          "content-type": "application/json",
          "x-user-id": userOf(call, poison),
        },
        body: requestBody(kind, order, filling),
        signal: AbortSignal.any([leaving.signal, stuck]),
      });
      const callId = response.headers.get("x-sluice-request-id");
      head = { status: response.status, ...(callId && { callId }) };
      // The function's own concurrency limit, which every client of a function URL has to wait out.
      if (response.headers.get("x-amzn-errortype") === "TooManyRequestsException") {
        await response.arrayBuffer();
        await sleep(20, undefined, { signal: stuck });
        continue;
      }
      if (leaves === "in the body") await response.body?.getReader().read();
      if (leaves !== undefined) {
        leaving.abort();
        return { ...seen, ...head, end: "left", endedAtMs: Date.now() };
      }
      const text = await response.text();
      const whole = kind !== "chat stream" || head.status !== 200 || text.includes("[DONE]");
      const end = callId === null ? "none" : whole ? "whole" : "broken";
      return { ...seen, ...head, end, endedAtMs: Date.now() };
    } catch {
      const early = head ? "broken" : "none";
      const end = stuck.aborted ? "stuck" : leaving.signal.aborted ? "left" : early;
      return { ...seen, ...head, end, endedAtMs: Date.now() };
    }
  }
}

function requestBody(kind: CallKind, order: Order, filling: string | undefined): string {
  const contents = [JSON.stringify(order), ...(filling === undefined ? [] : [filling])];
  if (kind === "embeddings") return JSON.stringify({ model: CENT_REQUEST.model, input: contents });
  const messages = contents.map((content) => ({ role: "user", content }));
  return JSON.stringify({ ...CENT_REQUEST, messages, ...(kind === "chat stream" && { stream: true }) });
}

function drawKind(number: number): CallKind {
  if (number < EMBEDDINGS_SHARE) return "embeddings";
  return number < EMBEDDINGS_SHARE + STREAMING_SHARE * (1 - EMBEDDINGS_SHARE) ? "chat stream" : "chat";
}

function drawLeaving(number: number): keyof typeof LEAVING_SHARES | undefined {
  let below = 0;
  for (const when of ["before the head", "after the head", "in the body"] as const) {
    below += LEAVING_SHARES[when];
    if (number < below) return when;
  }
  return undefined;
}

function drawManner(number: number): Manner {
  if (number < 0.05) return "error";
  if (number < 0.07) return "limited";
  if (number < 0.11) return "broken";
  if (number < 0.17) return "slow";
  if (number < 0.2) return "long";
  if (number < 0.21) return "silent";
  if (number < 0.24) return "dribbling";
  if (number < 0.26) return "reset";
  return "whole";
}

function noise(random: () => number): string {
  const pieces = Array.from({ length: LARGE_CHARACTERS / 10 }, () =>
    random().toString(36).slice(2, 12).padEnd(10, "0"),
  );
  return pieces.join("");
}
