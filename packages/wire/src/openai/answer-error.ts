/** Finds the error in a body or a stream event of OpenAI's format, in the shapes that providers give it. */
import type { AnswerError } from "../assembled.ts";
import { asList, asObject, asText, type JsonObject } from "../json-value.ts";

/**
 * The error that a body or event tells of: `{"error": {…}}` (OpenAI, Azure), `{"error": "text"}` (Ollama,
 * Hugging Face), `[{"error": {…}}]` (Gemini's OpenAI endpoint), Groq's `x_groq.error`, a choice's own
 * `error` (OpenRouter). Undefined when there is none.
 */
export function findError(body: unknown): AnswerError | undefined {
  const object = asObject(Array.isArray(body) ? body[0] : body);
  if (!object) return undefined;
  const inChoices = asList(object["choices"]).map((choice) => asObject(choice)?.["error"]);
  for (const candidate of [object["error"], asObject(object["x_groq"])?.["error"], ...inChoices]) {
    const error = readError(candidate);
    if (error) return error;
  }
  return undefined;
}

/**
 * The error in the body of a failed answer. With a status of 400 or more any object is one: Azure's
 * `{"statusCode", "message"}`, vLLM's `{"object": "error", "message"}`, FastAPI's `{"detail"}`, `{"errors": […]}`.
 */
export function readErrorBody(body: unknown, status: number): AnswerError {
  const found = findError(body);
  if (found) return found;
  const object = asObject(body) ?? {};
  const errors = asList(object["errors"]);
  const error = readError(object) ?? readError(errors[0]) ?? readError(object["detail"]);
  return { ...(error ?? { message: `The provider answered with status ${status}.` }), raw: body };
}

/** An `error` value in any shape; undefined for null, an empty text, or an object that says nothing. */
function readError(value: unknown): AnswerError | undefined {
  const text = asText(value);
  if (text !== undefined) return { message: text, raw: value };
  const error = asObject(value);
  if (!error) return undefined;
  const inner = asObject(error["innererror"]);
  const type = asText(error["type"]);
  const code = readCode(error["code"]) ?? readCode(error["statusCode"]) ?? readCode(inner?.["code"]);
  const message = readMessage(error) ?? asText(inner?.["message"]);
  if (message === undefined && type === undefined && code === undefined) return undefined;
  return {
    message: message ?? String(code ?? type),
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
    raw: value,
  };
}

function readMessage(error: JsonObject): string | undefined {
  const texts = [error["message"], error["msg"], error["detail"], error["error"]];
  return texts.map(asText).find((text) => text !== undefined);
}

function readCode(value: unknown): string | number | undefined {
  return typeof value === "number" ? value : asText(value);
}
