/** How a call went, in Langfuse's words. */
import { assembledAnswer, type ObservedCall } from "./observed-call.ts";

/** Langfuse's level of an observation, with the reason for it. */
export interface Verdict {
  readonly level: "DEFAULT" | "WARNING" | "ERROR";
  /** One line for the status message. */
  readonly message?: string;
  /** For errors: a word for the kind of error, `error.type` of the semantic conventions. */
  readonly errorType?: string;
}

/**
 * ERROR when the caller got no answer, an error, or an answer that broke off with one. WARNING when the
 * answer was passed on but the trace may show less than the caller saw. What came of the trace context
 * alone is no reason for either.
 */
export function verdictOn(call: ObservedCall): Verdict {
  const { outcome, answer } = call.record;
  const error = assembledAnswer(call)?.error;
  if (outcome.kind !== "answered") {
    return { level: "ERROR", message: `${outcome.code}: ${outcome.message}`, errorType: outcome.code };
  }
  if (error) {
    const kind = error.code ?? error.type;
    const prefix = kind === undefined || String(kind) === error.message ? "" : `${kind}: `;
    const type = String(kind ?? failedStatus(call) ?? "_OTHER");
    return { level: "ERROR", message: prefix + error.message, errorType: type };
  }
  if (answer && answer.status >= 400) {
    const why = call.answer?.kind === "unread" ? ` ${call.answer.reason}` : "";
    return {
      level: "ERROR",
      message: `The provider answered with status ${answer.status}.${why}`,
      errorType: String(answer.status),
    };
  }
  const doubts = [...doubtsAboutAnswer(call), ...doubtsAboutRequest(call)];
  return doubts.length === 0 ? { level: "DEFAULT" } : { level: "WARNING", message: doubts.join(" ") };
}

function failedStatus({ record }: ObservedCall): number | undefined {
  const status = record.answer?.status ?? 0;
  return status >= 400 ? status : undefined;
}

function doubtsAboutAnswer({ record, answer }: ObservedCall): string[] {
  const omitted = record.answer?.omittedBytes ?? 0;
  const doubts = omitted > 0 ? [`${omitted} bytes of the answer came after the capture limit.`] : [];
  if (!answer) return doubts;
  if (answer.kind === "unread") return [...doubts, `The answer could not be read. ${answer.reason}`];
  const { truncated, warnings } = answer.value;
  return [...doubts, ...(truncated === undefined ? [] : [truncated]), ...warnings];
}

function doubtsAboutRequest({ request }: ObservedCall): string[] {
  return request.kind === "unread" ? [`The request could not be read. ${request.reason}`] : [];
}
