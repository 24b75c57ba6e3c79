/** Whether this machine's clock agrees with those of the servers that answered. */
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

/** A server's clock, as an answer of its showed it. */
export interface ClockReading {
  readonly host: string;
  /** By how much it is ahead of ours, ms. */
  readonly aheadMs: number;
}

/** AWS refuses requests whose time is further off (AWS Signature Version 4). */
const REFUSED_MS = 5 * 60_000;
/** `Date` has a resolution of a second, and an answer takes its time. */
const NOTICED_MS = 10_000;

/** The median counts, so that one server with a wrong clock says nothing about ours. */
export function checkClock(readings: readonly ClockReading[]): Finding {
  const name = "clock";
  const sorted = readings.map(({ aheadMs }) => aheadMs).toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) return skip(name, "No other machine's clock was seen.");
  const seconds = Math.round(Math.abs(median) / 1000);
  if (Math.abs(median) < NOTICED_MS) return ok(name, "It agrees with the servers that answered.");
  const message = `It is ${seconds} s ${median > 0 ? "behind" : "ahead of"} the servers that answered.`;
  const remedy = "let the machine set its clock by NTP (timedatectl set-ntp true)";
  return Math.abs(median) < REFUSED_MS
    ? warn(name, message, remedy)
    : fail(name, `${message} AWS refuses signatures more than 5 minutes off.`, remedy);
}
