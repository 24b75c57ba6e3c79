/** Reading the body of a request that came to one of the local servers. */
import type { IncomingMessage } from "node:http";

/**
 * The whole body, or undefined when it has more than `maxBytes`. The rest of a body that is too large is
 * read and dropped: a client that is still sending would otherwise see a reset instead of the answer.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= maxBytes ? Buffer.concat(chunks) : undefined;
}
