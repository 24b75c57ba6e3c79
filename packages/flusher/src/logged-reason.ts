/** Reasons, as far as a log may have them. */

/**
 * A reason without a server's own words, which may quote the span that it did not like, and with it what somebody said to a
 * model. The whole reason is the attribute of the parked message, where the call's content is anyway.
 */
export function loggedReason(reason: string): string {
  return reason.replace(/(answered with status \d{3}[^:]*):.*$/s, "$1.");
}
