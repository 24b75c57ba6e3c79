/**
 * Passes a provider's answer on to the caller, chunk by chunk, and keeps a copy. The end of the answer
 * stays with the gate until the caller of `relay` says that it may leave.
 */
import { pipeline, type Readable, type Writable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { ByteGate, SseGate } from "@sluice/wire/pipe";
import type { Capture } from "./capture.ts";
import { UpstreamError } from "./errors.ts";
import type { ProviderAnswer } from "./routing/provider-answer.ts";
import type { Transcoder } from "./transcoder.ts";
import { abortReason } from "./upstream.ts";

/** How to pass an answer on. */
export interface RelayOptions {
  readonly answer: ProviderAnswer;
  readonly body: Writable;
  readonly capture: Capture;
  /** Puts the answer into the caller's format on its way. */
  readonly transcoder?: Transcoder;
  /** Holds back the answer's end. */
  readonly gate: SseGate | ByteGate;
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
export function isEventStream(answer: ProviderAnswer): boolean {
  return /^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "");
}

/** Whether `relay` will undo an answer's compression: only where the answer must be read on its way. */
export function isDecoded(answer: ProviderAnswer, transcoder: Transcoder | undefined): boolean {
  return (isEventStream(answer) || transcoder !== undefined) && decoderFor(answer) !== undefined;
}

/** Passes the answer on. Never rejects: a provider that breaks off is a result. */
export function relay(options: RelayOptions): Promise<RelayResult> {
  const { answer, body, capture, gate, transcoder } = options;
  const decoder = isDecoded(answer, transcoder) ? decoderFor(answer)?.() : undefined;
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
    /** Passes bytes of the caller's format on, all but what the gate holds. Says whether the caller keeps up. */
    const passOn = (bytes: Buffer): boolean => {
      let more = true;
      for (const piece of gate.push(bytes)) {
        if (!callerGone) more = body.write(piece);
      }
      return more;
    };
    const unreadable = (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      settle(new UpstreamError("upstream_unreadable", `The answer cannot be translated: ${why}`));
    };
    source.on("data", (chunk: Buffer) => {
      if (settled) return;
      idle.refresh();
      let more = true;
      try {
        for (const piece of transcoder ? transcoder.push(chunk) : [chunk]) more = passOn(piece);
      } catch (error) {
        unreadable(error);
        return;
      }
      if (!more && !callerGone) source.pause();
      if (!ending && "terminated" in gate && gate.terminated) {
        ending = true;
        clearTimeout(idle);
        setTimeout(settle, AFTER_END_MS);
      }
    });
    source.on("end", () => {
      if (settled) return;
      let broken = !answer.complete;
      try {
        const rest = transcoder && answer.complete ? transcoder.end() : undefined;
        for (const piece of rest?.pieces ?? []) passOn(piece);
        if (rest?.broken) broken = true;
      } catch (error) {
        unreadable(error);
        return;
      }
      settle(broken ? new UpstreamError("upstream_broken", "The answer broke off.") : undefined);
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

function decoderFor(answer: ProviderAnswer) {
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
