/** The mode `full`: everything leaves but keys. */
import type { BodyView, ObservedCall } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import type { AssembledAnswer } from "@sluice/wire";
import { redactApiKeys, redactVirtualKeys } from "./detectors/api-key.ts";
import { mapTexts } from "./map-texts.ts";

/**
 * Sluice's virtual keys are replaced wherever they stand. Errors, warnings and headers, which no caller wrote, lose every key
 * that is recognised: a provider may quote the one that it refused.
 */
export function withoutKeys(call: ObservedCall): ObservedCall {
  const { record, request, answer } = call;
  return {
    ...call,
    record: keylessRecord(record),
    request: mapTexts(request, redactVirtualKeys),
    ...(answer && { answer: keylessAnswer(answer, (record.answer?.status ?? 0) >= 400) }),
  };
}

function keylessRecord(record: ExchangeRecord): ExchangeRecord {
  const { attempts, outcome, answer, ...rest } = mapTexts(record, redactVirtualKeys);
  return {
    ...rest,
    attempts: mapTexts(attempts, redactApiKeys),
    outcome: mapTexts(outcome, redactApiKeys),
    ...(answer && { answer: { ...answer, headers: mapTexts(answer.headers, redactApiKeys) } }),
  };
}

function keylessAnswer(view: BodyView<AssembledAnswer>, isError: boolean): BodyView<AssembledAnswer> {
  const keyless = mapTexts(view, redactVirtualKeys);
  if (keyless.kind === "unread") return isError ? mapTexts(keyless, redactApiKeys) : keyless;
  const { error, warnings, ...rest } = keyless.value;
  return {
    kind: "read",
    value: {
      ...rest,
      ...(error && { error: mapTexts(error, redactApiKeys) }),
      warnings: mapTexts(warnings, redactApiKeys),
    },
  };
}
