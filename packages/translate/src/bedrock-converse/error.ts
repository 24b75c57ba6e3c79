/** Errors of Bedrock's (Amazon Bedrock API reference, "Common errors" and "Converse"). */
import { type AnswerError, type JsonObject, parseJson, readBedrockErrorBody } from "@sluice/wire";
import type { ProviderError } from "../answer.ts";

/** Bedrock's words for the kinds of errors with the status that each has. The first of a status is the one that is written. */
const STATUSES = new Map<string, number>([
  ["ValidationException", 400],
  ["ServiceQuotaExceededException", 400],
  ["UnrecognizedClientException", 401],
  ["AccessDeniedException", 403],
  ["ExpiredTokenException", 403],
  ["InvalidSignatureException", 403],
  ["ResourceNotFoundException", 404],
  ["ModelTimeoutException", 408],
  ["ConflictException", 409],
  ["ModelErrorException", 424],
  ["ModelStreamErrorException", 424],
  ["ThrottlingException", 429],
  ["ModelNotReadyException", 429],
  ["InternalServerException", 500],
  ["ServiceUnavailableException", 503],
]);

const BY_LOWER_CASE = new Map(
  STATUSES.entries().map(([type, status]) => [type.toLowerCase(), { type, status }]),
);

/** Most characters that are quoted of a body that is no JSON. */
const MAX_QUOTED = 300;

/** Reads the body of a failed answer. Its type is in a header as a rule: `ValidationException:http://…`. */
export function readError(
  body: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): ProviderError {
  const value = parseJson(body);
  const header = headers["x-amzn-errortype"]?.replace(/:.*$/s, "").replace(/^.*#/s, "");
  const type = header === "" ? undefined : header;
  if (value === undefined) {
    const text = body.trim();
    const quoted = text === "" || text.startsWith("<") ? "" : ` ${text.slice(0, MAX_QUOTED)}`;
    const message = `The provider answered with status ${status}.${quoted}`;
    return { message, status, ...(type !== undefined && { type }) };
  }
  const error = readBedrockErrorBody(value, status);
  const named = type ?? error.type;
  return { message: error.message, status, ...(named !== undefined && { type: named }) };
}

/**
 * An exception inside a stream. Its type begins with a small letter there (`throttlingException`) and is given as elsewhere.
 * The status is that of the model behind Bedrock where it is told, else the one that the exception has.
 */
export function readException({ message, type = "", code }: AnswerError): ProviderError {
  const known = BY_LOWER_CASE.get(type.toLowerCase());
  const told = typeof code === "number" && code >= 400 && code <= 599 ? code : undefined;
  return { message, status: told ?? known?.status ?? 500, type: known?.type ?? type };
}

/** An error's body. The SDKs look for the type here when no header names it. */
export function writeError({ message, status, type }: ProviderError): JsonObject {
  return { __type: errorType(status, type), message };
}

/** Bedrock's word for an error: its own, or the one for the status. */
export function errorType(status: number, type?: string): string {
  const own = type === undefined ? undefined : BY_LOWER_CASE.get(type.toLowerCase());
  if (own) return own.type;
  if (status === 529) return "ServiceUnavailableException";
  const byStatus = STATUSES.entries().find(([, each]) => each === status);
  return byStatus?.[0] ?? (status >= 500 ? "InternalServerException" : "ValidationException");
}
