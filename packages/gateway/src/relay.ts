/**
 * Passes a provider's answer on to the caller, chunk by chunk, and keeps a copy. The end of the answer
 * stays with the gate until the caller of `relay` says that it may leave.
 */
import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, type Writable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { type ByteGate, createByteGate, createSseGate, type SseFormat, type SseGate } from "@sluice/wire";
import type { Capture } from "./capture.ts";
import { UpstreamError } from "./errors.ts";
import { abortReason } from "./upstream.ts";

/** How to pass an answer on. */
export interface RelayOptions {
  readonly answer: IncomingMessage;
  readonly body: Writable;
  readonly capture: Capture;
  /** How the stream of this endpoint ends; for answers that are event streams. */
  readonly sseFormat: SseFormat;
  /** Longest silence of the provider. */
  readonly idleTimeoutMs: number;
  /** Aborted when the call must end now; its reason says why. */
  readonly signal: AbortSignal;
  /** Called with the first byte. */
  readonly onFirstByte: () => void;
}

/** What has become of the answer. Everything but its end has been passed on. */
export interface RelayResult {
  /** Why the provider broke off; absent when the answer is whole. */
  readonly failure?: UpstreamError;
  /** The end of the answer, to be written once the trace is safe. After a failure it is not for the caller. */
  readonly tail: readonly Buffer[];
}

/** How long a provider may keep its stream open after the event that ends the answer, ms. */
const AFTER_END_MS = 1_000;

/** Whether an answer is an event stream. */
export function isEventStream(answer: IncomingMessage): boolean {
  return /^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "");
}

/** Whether `relay` will undo an answer's compression: only for event streams, whose end must be recognised. */
export function isDecoded(answer: IncomingMessage): boolean {
  return isEventStream(answer) && decoderFor(answer) !== undefined;
}

/** Passes the answer on. Never rejects: a provider that breaks off is a result. */
export function relay(options: RelayOptions): Promise<RelayResult> {
  const { answer, body, capture } = options;
  const streaming = isEventStream(answer);
  const gate: SseGate | ByteGate = streaming ? createSseGate(options.sseFormat) : createByteGate();
  const decoder = streaming ? decoderFor(answer)?.() : undefined;
  const source: Readable = decoder ? pipeline(answer, decoder, () => undefined) : answer;

  return new Promise((resolve) => {
    let callerGone = false;
    let ending = false;
    let settled = false;
    const settle = (failure?: UpstreamError) => {
      if (settled) return;
      settled = true;
      clearTimeout(idle);
      if (failure || !answer.complete) answer.destroy();
      resolve({ ...(failure && { failure }), tail: gate.end() });
    };
    const idle = setTimeout(() => {
      // A slow caller is not a silent provider.
      if (source.isPaused()) idle.refresh();
      else settle(new UpstreamError("upstream_timeout", `Nothing came for ${options.idleTimeoutMs} ms.`));
    }, options.idleTimeoutMs);

    // When the caller has left, the answer is still read to its end: its usage is in the last bytes.
    body.on("error", () => {
      callerGone = true;
      source.resume();
    });
    body.on("drain", () => {
      idle.refresh();
      source.resume();
    });

    answer.once("data", options.onFirstByte);
    answer.on("data", (chunk: Buffer) => {
      capture.add(chunk);
    });
    source.on("data", (chunk: Buffer) => {
      idle.refresh();
      let more = true;
      for (const piece of gate.push(chunk)) {
        if (!callerGone) more = body.write(piece);
      }
      if (!more && !callerGone) source.pause();
      if (!ending && "terminated" in gate && gate.terminated) {
        ending = true;
        clearTimeout(idle);
        setTimeout(settle, AFTER_END_MS);
      }
    });
    source.on("end", () => {
      settle(answer.complete ? undefined : new UpstreamError("upstream_broken", "The answer broke off."));
    });
    const broken = (error: Error) => {
      const message = `The answer broke off (${error.message}).`;
      settle(
        options.signal.aborted
          ? abortReason(options.signal)
          : new UpstreamError("upstream_broken", message, { cause: error }),
      );
    };
    answer.on("error", broken);
    source.on("error", broken);
  });
}

function decoderFor(answer: IncomingMessage) {
  switch ((answer.headers["content-encoding"] ?? "").toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip;
    case "deflate":
      return createInflate;
    case "br":
      return createBrotliDecompress;
    case "zstd":
      return createZstdDecompress;
    default:
      return undefined;
  }
}
