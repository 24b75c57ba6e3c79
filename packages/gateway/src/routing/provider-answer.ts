/** A provider's answer that may still be thrown away: nothing of it has left. */

import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { UpstreamError } from "../errors.ts";

/** What the rest of the gateway needs of an answer: node's own, or one whose body has been read already. */
export type ProviderAnswer = Readable & Pick<IncomingMessage, "statusCode" | "headers" | "complete">;

/** Waits until the first byte of the body is there, or its end. Rejects with `UpstreamError`. Nothing is read. */
export function firstByte(answer: ProviderAnswer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      finish(new UpstreamError("upstream_timeout", `No first byte within ${timeoutMs} ms.`));
    }, timeoutMs);
    const finish = (error?: UpstreamError) => {
      clearTimeout(timer);
      answer.off("readable", onReadable).off("error", onError).off("close", onClose);
      if (!error) resolve();
      else {
        answer.on("error", () => undefined).destroy();
        reject(error);
      }
    };
    const onReadable = () => finish();
    const onError = (error: Error) => {
      finish(brokenOff(error));
    };
    const onClose = () => finish(answer.complete ? undefined : brokenOff());
    answer.on("readable", onReadable).on("error", onError).on("close", onClose);
  });
}

/**
 * Reads a body to its end, so that a break in it can still be mended by another try. One that is longer than `maxBytes` is given
 * on with what was read put before the rest. Rejects with `UpstreamError`.
 */
export async function readAhead(
  answer: ProviderAnswer,
  maxBytes: number,
  idleTimeoutMs: number,
): Promise<ProviderAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const chunksOf = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  const idle = setTimeout(() => {
    answer.destroy(new UpstreamError("upstream_timeout", `Nothing came for ${idleTimeoutMs} ms.`));
  }, idleTimeoutMs);
  try {
    for (;;) {
      const next = await chunksOf.next();
      if (next.done) break;
      idle.refresh();
      chunks.push(next.value);
      bytes += next.value.length;
      if (bytes > maxBytes) return withBody(answer, followedBy(chunks, chunksOf), () => answer.complete);
    }
  } catch (error) {
    throw brokenOff(error);
  } finally {
    clearTimeout(idle);
  }
  if (!answer.complete) throw brokenOff();
  return withBody(answer, chunks, () => true);
}

/** The start of a body that `readAhead` has read whole: its text. The body is put back. */
export function peek(answer: ProviderAnswer): string {
  const chunk: unknown = answer.read();
  if (!Buffer.isBuffer(chunk)) return "";
  answer.unshift(chunk);
  return chunk.toString("utf8", 0, PEEK_BYTES);
}

/** Errors are short; of a long one the start says what it is. */
const PEEK_BYTES = 16 * 1024;

async function* followedBy(chunks: readonly Buffer[], rest: AsyncIterator<Buffer, undefined>) {
  yield* chunks;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function withBody(
  { statusCode, headers }: ProviderAnswer,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
  complete: () => boolean,
): ProviderAnswer {
  const stream = Readable.from(body, { objectMode: false });
  return Object.defineProperties(stream, {
    statusCode: { value: statusCode },
    headers: { value: headers },
    complete: { get: complete },
  }) as ProviderAnswer;
}

function brokenOff(error?: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const why = error instanceof Error ? ` (${error.message})` : "";
  return new UpstreamError("upstream_broken", `The answer broke off${why}.`, { cause: error });
}
