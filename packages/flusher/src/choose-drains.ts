/** Which drains a call goes to. The same record and the same config always give the same drains. */
import { createHash } from "node:crypto";
import { type ConditionedCall, fitsCondition } from "@sluice/config";
import { type ObservedCall, verdictOn } from "@sluice/langfuse";
import type { ExchangeRecord, TraceId } from "@sluice/trace";
import type { Destination } from "./ports.ts";

/** The drains of a call. */
export interface ChosenDrains {
  /** Those that take it, and those among them that are paused. */
  readonly taking: readonly Destination[];
  /** Those that would take it, had its trace been drawn. */
  readonly sampledOut: readonly Destination[];
}

/** The drains whose condition a record fits, before any is drawn: those of its key, else all. */
export function fittingDrains(
  record: ExchangeRecord,
  drains: readonly Destination[],
): readonly Destination[] {
  const call = conditionedCall(record);
  return drains.filter(
    ({ name, rules }) =>
      (record.drains === undefined || record.drains.includes(name)) &&
      (rules?.when === undefined || fitsCondition(rules.when, call)),
  );
}

/**
 * Why a call can go nowhere although there are drains: its key names only such as the config does not have. Undefined when that is
 * not so. The call is parked for it: once the name is right, it can be replayed.
 */
export function withoutKnownDrain(
  record: ExchangeRecord,
  drains: readonly Destination[],
): string | undefined {
  const named = record.drains ?? [];
  if (named.length === 0 || drains.length === 0) return undefined;
  if (drains.some(({ name }) => named.includes(name))) return undefined;
  return `The key "${record.key.alias}" names no drain of the config, but ${named.join(", ")}.`;
}

/** Of the drains that a call fits, those that it is drawn for. A call that went wrong is drawn by all. */
export function chooseDrains(call: ObservedCall, fitting: readonly Destination[]): ChosenDrains {
  const rateOf = ({ rules }: Destination) => rules?.sampleRate ?? 1;
  if (fitting.every((drain) => rateOf(drain) >= 1) || verdictOn(call).level === "ERROR") {
    return { taking: fitting, sampledOut: [] };
  }
  const draw = drawOf(call.record.trace.traceId);
  return {
    taking: fitting.filter((drain) => draw < rateOf(drain)),
    sampledOut: fitting.filter((drain) => draw >= rateOf(drain)),
  };
}

/**
 * A number from 0 to 1, below 1, that is the same for all calls of a trace, so that a trace is kept whole. A hash, since
 * callers give trace ids that are not random. Drains share it: what a drain keeps, each with a higher rate keeps too.
 */
export function drawOf(traceId: TraceId): number {
  return createHash("sha256").update(traceId).digest().readUIntBE(0, 6) / 2 ** 48;
}

function conditionedCall({ trace, key }: ExchangeRecord): ConditionedCall {
  return {
    tags: trace.tags,
    tenant: trace.tenant ?? key.tenant,
    feature: trace.feature,
    environment: trace.environment || key.environment || undefined,
    key: key.alias,
  };
}
