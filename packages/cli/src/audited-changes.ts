/** What differs between two states of a thing, for the audit trail. */
import type { AuditedChange } from "@sluice/aws";

/** The members that differ. A thing that was not there before, or is gone after, is undefined. */
export function changesBetween(
  before: object | undefined,
  after: object | undefined,
): Readonly<Record<string, AuditedChange>> {
  const from: Readonly<Record<string, unknown>> = { ...before };
  const to: Readonly<Record<string, unknown>> = { ...after };
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]))
      .map((name) => [
        name,
        { ...(name in from && { from: from[name] }), ...(name in to && { to: to[name] }) },
      ]),
  );
}
