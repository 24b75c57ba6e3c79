/**
 * Embeddings for callers that speak OpenAI's format, from Google's three operations: embedContent and batchEmbedContents
 * (Gemini API reference, "Embeddings"), and Vertex AI's predict ("Text embeddings API").
 */
import {
  asCount,
  asList,
  asText,
  embeddingUsage,
  embeddingVectors,
  holdsEmbeddings,
  type JsonObject,
} from "@sluice/wire";
import { MalformedRequestError, type Note } from "../format.ts";

/** Which of Google's APIs is called, and for which model. */
export interface EmbeddingsTarget {
  readonly api: "gemini" | "vertex";
  /** The model's name at Google, without `models/`. */
  readonly model: string;
}

/** A request for Google: `models/<model>:<operation>` with this body. */
export interface GoogleEmbeddingsRequest {
  readonly operation: "embedContent" | "batchEmbedContents" | "predict";
  readonly body: JsonObject;
}

const READ_FIELDS = new Set(["model", "input", "dimensions", "encoding_format", "task_type"]);

/** Fields that change no vector. */
const HINTS = new Set(["user"]);

/**
 * Writes an embeddings request of OpenAI's for Google. `dimensions` becomes `outputDimensionality`; `task_type`, LiteLLM's
 * name, becomes `taskType`. Throws `MalformedRequestError` for an input that is no text, or that the operation cannot take.
 */
export function writeEmbeddingsRequest(
  request: JsonObject,
  { api, model }: EmbeddingsTarget,
  note: Note,
): GoogleEmbeddingsRequest {
  for (const [field, value] of Object.entries(request)) {
    if (READ_FIELDS.has(field) || value === null) continue;
    const weight = HINTS.has(field) ? "hint" : "matters";
    note({ field, reason: `Google's embeddings have no equal of ${field}.`, weight });
  }
  const texts = readInput(request["input"]);
  const outputDimensionality = asCount(request["dimensions"]);
  const taskType = asText(request["task_type"]);
  const sized = { ...(outputDimensionality !== undefined && { outputDimensionality }) };
  if (api === "gemini") {
    const settings = { ...(taskType !== undefined && { taskType }), ...sized };
    const requests = texts.map((text) => ({
      model: `models/${model}`,
      content: contentOf(text),
      ...settings,
    }));
    return { operation: "batchEmbedContents", body: { requests } };
  }
  if (!takesContent(model)) {
    const instances = texts.map((content) => ({
      content,
      ...(taskType !== undefined && { task_type: taskType }),
    }));
    const parameters = outputDimensionality === undefined ? {} : { parameters: { outputDimensionality } };
    return { operation: "predict", body: { instances, ...parameters } };
  }
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0) {
    throw new MalformedRequestError(
      "input",
      `${model} on Vertex AI takes one input a call: send ${texts.length} calls with one text each.`,
    );
  }
  const settings = { ...(taskType !== undefined && { taskType }), ...sized };
  const config = Object.keys(settings).length === 0 ? {} : { embedContentConfig: settings };
  return { operation: "embedContent", body: { content: contentOf(text), ...config } };
}

/**
 * Writes Google's answer as OpenAI's; undefined when the body holds no embeddings. Vectors come as base64 of 32-bit floats
 * where the request asked for it (`encoding_format`), as the official SDKs do unless told otherwise. Where Google does not
 * count tokens, the counts are 0: clients of OpenAI's read them without looking whether they are there.
 */
export function writeEmbeddingsAnswer(
  answer: unknown,
  { model, request }: { readonly model: string; readonly request: JsonObject },
): JsonObject | undefined {
  if (!holdsEmbeddings(answer)) return undefined;
  const usage = embeddingUsage(answer);
  // Google gives vectors of length 1 only in a model's full size. Clients of OpenAI's rely on it, for a cosine.
  const shortened = asCount(request["dimensions"]) !== undefined;
  return {
    object: "list",
    data: embeddingVectors(answer).map((vector, index) => {
      const numbers = vector.filter((value) => typeof value === "number");
      const values = shortened ? normalised(numbers) : numbers;
      return {
        object: "embedding",
        index,
        embedding: request["encoding_format"] === "base64" ? toBase64(values) : values,
      };
    }),
    model,
    usage: { prompt_tokens: usage?.inputTokens ?? 0, total_tokens: usage?.totalTokens ?? 0 },
  };
}

function readInput(input: unknown): readonly string[] {
  const list = typeof input === "string" ? [input] : asList(input);
  const texts = list.filter((item) => typeof item === "string");
  if (texts.length > 0 && texts.length === list.length) return texts;
  const tokens = list.some((item) => typeof item === "number" || Array.isArray(item));
  throw new MalformedRequestError(
    "input",
    tokens
      ? "input holds tokens, which only OpenAI's models can read: send the text."
      : "input has to be a text or a list of texts.",
  );
}

function contentOf(text: string): JsonObject {
  return { parts: [{ text }] };
}

/** Which of Vertex's models are called by embedContent (as Google's own Gen AI SDK decides); the others by predict. */
function takesContent(model: string): boolean {
  return (model.includes("gemini") && model !== "gemini-embedding-001") || model.includes("maas");
}

function normalised(vector: readonly number[]): readonly number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** 32-bit floats, little-endian (OpenAI API reference, `encoding_format`). */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * 4));
  return bytes.toString("base64");
}
