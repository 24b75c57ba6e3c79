/** The drains of the config: each with its rules, and a breaker of its own. */
import type { ResolvedDrain } from "@sluice/config";
import { type Destination, withBreaker } from "@sluice/flusher";
import {
  createLangfuseDrain,
  createLangfuseMediaStore,
  createLegacyDrain,
  type Drain,
  type DrainCredentials,
  type Exchange,
  type HeaderCredentials,
  type Post,
} from "@sluice/langfuse";
import { createOtlpDrain } from "@sluice/otlp";
import { createRedactor } from "@sluice/redaction";

/** What drains are made with. */
export interface DrainDependencies {
  readonly credentials: DrainCredentials & HeaderCredentials;
  readonly post: Post;
  /** Sends files to Langfuse. */
  readonly exchange: Exchange;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  /** Puts a breaker before a drain. Default: one that tells nobody. */
  readonly guard?: (drain: Drain) => Drain;
}

/** Every drain as the flusher takes it. Throws on a pattern of redaction that cannot be used. */
export function createDrains(
  drains: readonly ResolvedDrain[],
  dependencies: DrainDependencies,
): readonly Destination[] {
  const { nowMs, guard = (drain) => withBreaker(drain, nowMs) } = dependencies;
  return drains.map((resolved) => {
    const { when, paused, sampleRate, capture, redaction } = resolved;
    return {
      ...guard(createDrain(resolved, dependencies)),
      rules: { ...(when && { when }), paused, sampleRate, capture, redact: createRedactor(redaction) },
    };
  });
}

function createDrain(
  { name, type, baseUrl, keep, protocol, headers, media }: ResolvedDrain,
  { credentials, post, exchange, nowMs }: DrainDependencies,
): Drain {
  const made = { name, baseUrl, credentials, post, keep, nowMs };
  if (type === "langfuse-legacy") return createLegacyDrain(made);
  if (type === "otlp") return createOtlpDrain({ ...made, protocol, headers });
  return createLangfuseDrain({
    ...made,
    ...(media === "langfuse" && {
      media: createLangfuseMediaStore({ name, baseUrl, credentials, exchange, nowMs }),
    }),
  });
}
