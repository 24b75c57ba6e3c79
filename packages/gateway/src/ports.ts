/** What the gateway needs of the world. Adapters are in `packages/aws`; tests hand in their own. */

import type { IncomingMessage } from "node:http";
import type { KeyHash, Tenant, VirtualKey } from "@sluice/keys";
import type { AccountStore, RateStore } from "@sluice/ledger";
import type { Catalogue } from "@sluice/prices";
import type { PackedRecord, RandomBytes } from "@sluice/trace";
import type { FinishedCall } from "./finished-call.ts";

/** Where virtual keys are looked up. */
export interface KeyStore {
  /** The key stored under the hash, or undefined. Throws when the store does not answer. */
  findByHash(hash: KeyHash): Promise<VirtualKey | undefined>;
  /** The tenant of that name, or undefined. Throws when the store does not answer. */
  findTenant(name: string): Promise<Tenant | undefined>;
}

/** The providers' API keys. */
export interface ProviderCredentials {
  /** The key of a provider, or undefined when none is stored. Throws when the store does not answer. */
  apiKey(provider: string): Promise<string | undefined>;
  /** Reads the store again, past any cache; for a provider that has just refused its key. */
  refreshedApiKey(provider: string): Promise<string | undefined>;
}

/** How a record is sent. */
export interface SendOptions {
  /** Nobody receives the message before this time, 0 to 900 seconds (Amazon SQS quotas). Default 0. */
  readonly delaySeconds?: number;
  /** When to stop trying, Unix time in ms. Default: ten seconds from now. */
  readonly giveUpAtMs?: number;
  /**
   * Ends it before that time: `send` rejects at once. The message may have reached the queue all the same. Not heeded where
   * there is a `spillKey`: such a record must be kept.
   */
  readonly signal?: AbortSignal;
  /**
   * Object key under which the message is kept in the bucket when the queue does not take it; the flusher brings it back
   * from there, without its delay. Without a key there is no such second way.
   */
  readonly spillKey?: string;
}

/** Where records go. */
export interface Outbox {
  /**
   * Resolves once the record is safe: acknowledged by the queue, or by the bucket under `spillKey`. Rejects when it could
   * not be stored in time; it may have been all the same, when only the acknowledgement was lost. Resolves to `spilled`
   * when it is the bucket that has it.
   */
  send(record: PackedRecord, options?: SendOptions): Promise<"spilled" | undefined>;
}

/** A request that is to be signed. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Signs a request with the function's own role (AWS Signature Version 4): resolves to all headers to send. */
export type SignRequest = (request: SignableRequest) => Promise<Readonly<Record<string, string>>>;

/**
 * An access token for a service account, whose JSON key is given. Rejects when the key is none, or Google refuses it: the error's
 * `retryable` says whether the same key may work another time, and its message holds no secret.
 */
export type GoogleAccessToken = (serviceAccountJson: string, signal: AbortSignal) => Promise<string>;

/** A request to a provider. */
export interface UpstreamRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly connectTimeoutMs: number;
  /** From the request's last byte to the answer's headers. */
  readonly firstByteTimeoutMs: number;
  /** Aborts the request at any point: the promise rejects, or the answer's stream is destroyed. */
  readonly signal: AbortSignal;
}

/** Calls a provider; resolves with status and headers. Rejects with `UpstreamError`. */
export type CallUpstream = (request: UpstreamRequest) => Promise<IncomingMessage>;

/** Structured log lines. Fields hold ids and numbers, never content or secrets. */
export interface Log {
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** What is written only for who looks for something. Absent: nothing. */
  debug?(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Where budgets and rate limits are kept. */
export interface Ledger {
  readonly accounts: AccountStore;
  readonly rates: RateStore;
}

/** Everything the gateway is made of, besides its config. */
export interface GatewayDependencies {
  readonly keys: KeyStore;
  readonly credentials: ProviderCredentials;
  readonly outbox: Outbox;
  /** The stores of budgets and rate limits. Called only for keys that have some, since loading them takes a while. */
  readonly loadLedger: () => Promise<Ledger>;
  /** The prices of models. Called only for keys with a strict budget, since loading them takes a while. */
  readonly loadPrices: () => Promise<Catalogue>;
  readonly callUpstream: CallUpstream;
  readonly signRequest: SignRequest;
  readonly googleAccessToken: GoogleAccessToken;
  readonly log: Log;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  readonly random: RandomBytes;
  /** Resolves after so many ms, or at once when the signal is aborted. Never rejects. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told of every request once its answer has ended, but for those that are no calls: `/health` and the list of models. */
  readonly onFinished?: (call: FinishedCall) => void;
  /** Version of the deployed code, written into each record. */
  readonly version: string;
}
