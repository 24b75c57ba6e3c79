/** A call as the gateway sees it: HTTP without a platform. */
import type { Writable } from "node:stream";

/** What came in. */
export interface GatewayRequest {
  readonly method: string;
  /** Path without the query, as sent. */
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case; a repeated header is joined with a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly callerIp?: string;
  /** When the platform ends the call by force, Unix time in ms. */
  readonly deadlineAtMs: number;
}

/** Where the answer goes. */
export interface GatewayResponse {
  /** Sends status and headers; called exactly once, first. The body is written to what it returns. */
  start(status: number, headers: Readonly<Record<string, string>>): Writable;
}
