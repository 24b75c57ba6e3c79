/** Errors in Google's shape (AIP-193, "Errors"; `google.rpc.Code` for the words and their HTTP statuses). */
import {
  type AnswerError,
  asList,
  asObject,
  asText,
  type JsonObject,
  parseJson,
  readGeminiErrorBody,
} from "@sluice/wire";
import type { ProviderError } from "../answer.ts";

/** Google's word for each status; the first one where several share it. */
const WORDS: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Words that Google has besides. */
const GOOGLE_WORDS = new Set([
  ...Object.values(WORDS),
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "ALREADY_EXISTS",
  "DATA_LOSS",
  "UNKNOWN",
]);

/** Reads an error's body. Never throws. */
export function readError(body: string, status: number): ProviderError {
  const value = parseJson(body.replace(/^\uFEFF/, ""));
  const text = body.trim();
  // A page of a proxy's: its beginning tells which one.
  if (value === undefined && text !== "") return { message: text.slice(0, 500), status };
  return { ...toProviderError(readGeminiErrorBody(value, status)), status };
}

/** An error that was found in an answer or a stream; its status is the one that it names. */
export function toProviderError({ message, type, code, raw }: AnswerError): ProviderError {
  const reason = reasonOf(raw);
  const named = reason ?? (typeof code === "string" ? code : undefined);
  const param = violatedField(raw);
  return {
    message,
    status: typeof code === "number" && code >= 400 && code <= 599 ? code : 500,
    ...(type !== undefined && { type }),
    ...(named !== undefined && { code: named }),
    ...(param !== undefined && { param }),
  };
}

/** Writes an error's body. The code of another format stands in the details, as `ErrorInfo.reason`. */
export function writeError({ message, status, type, code, param }: ProviderError): JsonObject {
  const word = type !== undefined && GOOGLE_WORDS.has(type) ? type : WORDS[status];
  const details = [
    ...(code === undefined
      ? []
      : [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code, domain: "sluice" }]),
    ...(param === undefined
      ? []
      : [
          {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [{ field: param, description: message }],
          },
        ]),
  ];
  return {
    error: {
      code: status,
      message,
      status: word ?? (status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT"),
      ...(details.length > 0 && { details }),
    },
  };
}

function reasonOf(raw: unknown): string | undefined {
  return detailsOf(raw)
    .map((detail) => asText(detail?.["reason"]))
    .find((reason) => reason !== undefined);
}

function violatedField(raw: unknown): string | undefined {
  const violations = detailsOf(raw).flatMap((detail) => asList(detail?.["fieldViolations"]));
  return violations.map((each) => asText(asObject(each)?.["field"])).find((field) => field !== undefined);
}

function detailsOf(raw: unknown): readonly (JsonObject | undefined)[] {
  return asList(asObject(raw)?.["details"]).map(asObject);
}
