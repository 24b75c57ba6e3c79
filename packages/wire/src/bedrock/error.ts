/** Finds the error in a body or stream event of Bedrock's. */
import type { AnswerError } from "../assembled.ts";
import { asObject, asText, type JsonObject } from "../json-value.ts";

/**
 * The error in the body of a failed answer: `{"message"}`, with the type in a header alone as a rule, `{"Message"}` from the
 * layers in front of Bedrock, or `{"Output": {"__type"}}` for an operation that is unknown. A gateway between may answer with
 * `{"error"}`. With a status of 400 or more any body is an error.
 */
export function readBedrockErrorBody(body: unknown, status: number): AnswerError {
  const found = findBedrockError(body);
  return found ?? { message: `The provider answered with status ${status}.`, raw: body };
}

/** The error that a body or event tells of; undefined when it has neither a message nor a type. */
export function findBedrockError(body: unknown): AnswerError | undefined {
  const object = asObject(body);
  const error = asObject(object?.["Output"]) ?? asObject(object?.["error"]) ?? object;
  if (!error) return undefined;
  const type = shortType(asText(error["__type"]) ?? asText(error["type"]));
  const message =
    asText(error["message"]) ??
    asText(error["Message"]) ??
    asText(error["originalMessage"]) ??
    asText(object?.["error"]);
  const code = error["originalStatusCode"];
  if (message === undefined && type === undefined) return undefined;
  return {
    message: message ?? String(type),
    ...(type !== undefined && { type }),
    ...(typeof code === "number" && { code }),
    raw: body,
  };
}

/** The error of an exception inside a stream: its type is the message's, not the payload's. */
export function readBedrockException(type: string, payload: JsonObject): AnswerError {
  const found = findBedrockError(payload);
  return { message: `The stream ended with ${type}.`, raw: payload, ...found, type: found?.type ?? type };
}

/** `ThrottlingException` of `com.amazon.coral.service#ThrottlingException`. */
function shortType(type: string | undefined): string | undefined {
  return type?.slice(type.lastIndexOf("#") + 1);
}
