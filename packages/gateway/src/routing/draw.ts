/** The draw that decides between targets. */
import { createHash } from "node:crypto";
import type { RandomBytes } from "@sluice/trace";

/**
 * A number from 0 to 1, below 1. All calls of a session draw the same, so that a conversation stays with its model, its prompt
 * cache and its thinking's signatures.
 */
export function drawFor(sessionId: string | undefined, random: RandomBytes): number {
  const bytes =
    sessionId === undefined ? Buffer.from(random(4)) : createHash("sha256").update(sessionId).digest();
  return bytes.readUInt32BE() / 2 ** 32;
}
