/** What of a call a drain gets, by its capture mode. */
import type { ObservedCall } from "@sluice/langfuse";
import type { CaptureMode } from "@sluice/trace";
import { hashUsers } from "./hash-users.ts";
import { metadataOnly } from "./metadata-only.ts";
import { createTextRedactor } from "./redact-text.ts";
import { redactCall } from "./redacted-call.ts";
import type { RedactionConfig } from "./redaction-config.ts";
import { withoutKeys } from "./without-keys.ts";

/** The call as it may leave. Pure: the same call, mode and config always give the same, so that a retry is byte-identical. */
export type Redactor = (call: ObservedCall, mode: CaptureMode) => ObservedCall;

/**
 * The redactor of a drain. `full`: everything, but for keys (Sluice's anywhere, all others in errors and headers). `redacted`:
 * every text goes through the detectors. `metadata`: nothing of the content, and of the rest what is a number, an id or a
 * name; see docs/redaction.md. Throws on a pattern that cannot be used.
 */
export function createRedactor(config: RedactionConfig = {}): Redactor {
  const redact = createTextRedactor(config);
  const shown: Readonly<Record<CaptureMode, (call: ObservedCall) => ObservedCall>> = {
    full: withoutKeys,
    redacted: (call) => redactCall({ ...call, record: { ...call.record, capture: "redacted" } }, redact),
    // What is left is checked as well, with nothing switched off: a name may be an e-mail address.
    metadata: (call) =>
      redactCall(metadataOnly(call), createTextRedactor({ patterns: config.patterns ?? {} })),
  };
  return (call, mode) => shown[mode](config.hashUserIds ? hashUsers(call) : call);
}
