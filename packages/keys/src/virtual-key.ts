/** Virtual keys: what an app holds instead of a provider's key. Shown once, stored as a hash. */
import { createHash } from "node:crypto";
import type { BudgetPolicy } from "@sluice/ledger";

declare const brand: unique symbol;

/** The secret itself: `sk-sluice-` and 43 base64url characters (256 bits). Never stored, never logged. */
export type VirtualKeySecret = string & { readonly [brand]: "VirtualKeySecret" };
/** SHA-256 of a secret, 64 lower-case hex digits. A plain hash is enough: the secret has 256 random bits. */
export type KeyHash = string & { readonly [brand]: "KeyHash" };
/** The public name of a key, `key_` and 16 hex digits: safe in logs, traces and the queue. */
export type KeyId = string & { readonly [brand]: "KeyId" };

/** How much of a call may leave the account. */
export type CaptureMode = "full" | "redacted" | "metadata";

/** Limits of a key's traffic. Absent: none. */
export interface RateLimits {
  readonly requestsPerMinute?: number;
  /** Input tokens, estimated, and the most output tokens that a request allows. */
  readonly tokensPerMinute?: number;
  /** Calls under way at the same time. */
  readonly parallelCalls?: number;
}

/** What is stored of a virtual key. */
export interface VirtualKey {
  readonly id: KeyId;
  readonly hash: KeyHash;
  /** The name its owner gave it, unique in a deployment. */
  readonly alias: string;
  /** A blocked key authenticates nobody. */
  readonly status: "enabled" | "blocked";
  readonly owner?: string;
  /** Whose calls these are; a tenant may have a budget of its own over all its keys. */
  readonly tenant?: string;
  /** The Langfuse environment of its calls, unless a call names one. */
  readonly environment?: string;
  /** On every trace of its calls, under the call's own metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Globs of the models it may use, matched against the name as asked for and as `provider/model`. Absent: all. */
  readonly models?: readonly string[];
  /** Names of the drains that its traces go to. Absent: all. */
  readonly drains?: readonly string[];
  readonly capture?: CaptureMode;
  readonly budget?: BudgetPolicy;
  readonly rateLimits?: RateLimits;
  /** Unix time, ms. After it the key authenticates nobody. */
  readonly expiresAtMs?: number;
  /** Unix time, ms. */
  readonly createdAtMs: number;
}

const PREFIX = "sk-sluice-";
/**
 * Wide enough for keys that an operator chose for a local run (`SLUICE_LOCAL_KEY`), narrow enough that
 * nothing else that a client may send by mistake (a provider's key) is looked up.
 */
const SECRET = /^sk-sluice-[A-Za-z0-9_-]{1,128}$/;

/** The text as a virtual key's secret, or undefined when it has not the form of one. */
export function parseSecret(text: string): VirtualKeySecret | undefined {
  return SECRET.test(text) ? (text as VirtualKeySecret) : undefined;
}

/** A new secret from 32 random bytes. */
export function newSecret(random: (count: number) => Uint8Array): VirtualKeySecret {
  return `${PREFIX}${Buffer.from(random(32)).toString("base64url")}` as VirtualKeySecret;
}

/** The hash under which a secret's key is stored. */
export function hashSecret(secret: VirtualKeySecret): KeyHash {
  return createHash("sha256").update(secret).digest("hex") as KeyHash;
}

/** A new key id. */
export function newKeyId(random: (count: number) => Uint8Array): KeyId {
  return `key_${Buffer.from(random(8)).toString("hex")}` as KeyId;
}
