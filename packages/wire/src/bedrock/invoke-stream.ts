/**
 * From the binary stream of Bedrock's InvokeModelWithResponseStream to the SSE that Anthropic itself sends: each `chunk` holds
 * one event's JSON in base64 (Amazon Bedrock API reference, "PayloadPart"), which stays as it is, character by character.
 */
import { anthropicErrorEvent } from "../anthropic/error-body.ts";
import type { AwsEvent } from "../aws-event-stream/event.ts";
import { asObject, asText, parseJson } from "../json-value.ts";
import { readBedrockException } from "./error.ts";

/**
 * The SSE event of one message; empty for what is no part of the answer. A failure becomes an `error` event, after which
 * nothing may follow.
 */
export function invokeEventAsSse({ kind, type, data }: AwsEvent): string {
  const payload = asObject(parseJson(data)) ?? {};
  if (kind === "failure") {
    const { message, type: name = type } = readBedrockException(type, payload);
    return anthropicErrorEvent({ type: anthropicErrorType(name), message });
  }
  const bytes = asText(payload["bytes"]);
  if (bytes === undefined) return "";
  const json = Buffer.from(bytes, "base64").toString("utf8");
  const name = asText(asObject(parseJson(json))?.["type"]);
  // A line end cannot stand in a JSON string, but it may stand between members.
  const lines = json.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
  return `${name === undefined ? "" : `event: ${name}\n`}${lines.join("")}\n`;
}

/** Anthropic's words for what AWS calls an exception (Anthropic API, "Errors"; Amazon Bedrock API reference). */
const ERROR_TYPES: ReadonlyMap<string, string> = new Map([
  ["accessdeniedexception", "permission_error"],
  ["modelnotreadyexception", "overloaded_error"],
  ["modeltimeoutexception", "timeout_error"],
  ["resourcenotfoundexception", "not_found_error"],
  ["servicequotaexceededexception", "rate_limit_error"],
  ["serviceunavailableexception", "overloaded_error"],
  ["throttlingexception", "rate_limit_error"],
  ["validationexception", "invalid_request_error"],
]);

/** The type of error in Anthropic's format for an exception of AWS's, written in either case. */
export function anthropicErrorType(exception: string): string {
  return ERROR_TYPES.get(exception.toLowerCase()) ?? "api_error";
}
