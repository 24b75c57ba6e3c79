/** The callers of the storm: what they ask, and what they saw. */
import { setTimeout as sleep } from "node:timers/promises";
import { CENT_REQUEST } from "../../support/cent-model.ts";
import type { Manner, Order } from "./model.ts";

/** What the caller of one call saw. */
export interface Seen {
  readonly call: number;
  readonly key: string;
  readonly manner: Manner;
  readonly streaming: boolean;
  readonly poison: boolean;
  /** When the answer, or what came instead of it, was over; Unix time in ms. */
  readonly endedAtMs: number;
  readonly status?: number;
  /** The call's id, when headers came that name it. */
  readonly callId?: string;
  /**
   * `whole`: the end of an answer, or of an error of the provider or the gateway. `broken`: a connection that broke, or an
   * error inside the stream. `left`: the caller did. `none`: no headers, or those of a function that failed.
   */
  readonly end: "whole" | "broken" | "left" | "none";
}

/** Where calls go, and whose they are. */
export interface Target {
  readonly url: string;
  /** Secrets of virtual keys by name. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Share of calls that Langfuse refuses. */
const POISON_SHARE = 0.01;
const LEAVING_SHARE = 0.04;
const LARGE_SHARE = 0.01;
/** Characters that do not compress, so that the record needs a claim check. */
const LARGE_CHARACTERS = 1_500_000;

/** The user under which a call is found again. Poison can be told by it. */
export function userOf(call: number, poison: boolean): string {
  return `${poison ? "poison" : "storm"}-${call}`;
}

/** Makes one call; resolves to what its caller saw. */
export async function makeCall(call: number, random: () => number, { url, keys }: Target): Promise<Seen> {
  const names = [...keys.keys()];
  const key = names[Math.floor(random() * names.length)] ?? "";
  const manner = drawManner(random());
  const streaming = random() < 0.5;
  const poison = random() < POISON_SHARE;
  const leaves = random() < LEAVING_SHARE;
  const large = random() < LARGE_SHARE;
  const order: Order = { call, manner, tokens: Math.floor(random() * 20) };
  const messages = [{ role: "user", content: JSON.stringify(order) }];
  if (large) messages.push({ role: "user", content: noise(random) });
  const seen = { call, key, manner, streaming, poison };
  const body = JSON.stringify({ ...CENT_REQUEST, messages, ...(streaming && { stream: true }) });
  for (;;) {
    const leaving = new AbortController();
    let head: { status: number; callId?: string } | undefined;
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${keys.get(key)}`,
          "content-type": "application/json",
          "x-user-id": userOf(call, poison),
        },
        body,
        signal: leaving.signal,
      });
      const callId = response.headers.get("x-sluice-request-id");
      head = { status: response.status, ...(callId && { callId }) };
      // The function's own concurrency limit, which every client of a function URL has to wait out.
      if (response.headers.get("x-amzn-errortype") === "TooManyRequestsException") {
        await response.arrayBuffer();
        await sleep(20);
        continue;
      }
      if (leaves) {
        leaving.abort();
        return { ...seen, ...head, end: "left", endedAtMs: Date.now() };
      }
      const text = await response.text();
      const whole = !streaming || head.status !== 200 || text.includes("[DONE]");
      const end = callId === null ? "none" : whole ? "whole" : "broken";
      return { ...seen, ...head, end, endedAtMs: Date.now() };
    } catch {
      return { ...seen, ...head, end: head ? "broken" : "none", endedAtMs: Date.now() };
    }
  }
}

function drawManner(number: number): Manner {
  if (number < 0.05) return "error";
  if (number < 0.07) return "limited";
  if (number < 0.11) return "broken";
  if (number < 0.17) return "slow";
  if (number < 0.2) return "long";
  if (number < 0.21) return "silent";
  return "whole";
}

function noise(random: () => number): string {
  const pieces = Array.from({ length: LARGE_CHARACTERS / 10 }, () =>
    random().toString(36).slice(2, 12).padEnd(10, "0"),
  );
  return pieces.join("");
}
