/** Embeddings in OpenAI's form and in Gemini's: unit vectors that follow from model and text, and mean nothing. */
import { createHash } from "node:crypto";
import { apiError, errorOnRequest } from "./api-error.ts";
import { countTokens } from "./tokens.ts";

interface RawRequest {
  readonly model?: string;
  readonly input?: unknown;
  readonly dimensions?: number;
  readonly encoding_format?: "float" | "base64";
}

/** The providers' own numbers. */
const DEFAULT_DIMENSIONS = 1536;
const DIMENSIONS: Readonly<Record<string, number>> = {
  "text-embedding-3-large": 3072,
  "gemini-embedding-001": 3072,
};
const BYTES_PER_NUMBER = 4;

/** The answer to a request. Throws `ApiError` where OpenAI refuses it. */
export function embeddings(body: unknown): object {
  const { model, input, dimensions, encoding_format: encoding = "float" } = body as RawRequest;
  if (typeof model !== "string") throw apiError(400, "you must provide a model parameter");
  const texts = textsOf(input);
  if (!texts) {
    throw apiError(400, "Missing required parameter: 'input'.", {
      code: "missing_required_parameter",
      param: "input",
    });
  }
  const asked = errorOnRequest(model, ...texts);
  if (asked) throw asked;
  const size = dimensions ?? DIMENSIONS[model] ?? DEFAULT_DIMENSIONS;
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  return {
    object: "list",
    data: texts.map((text, index) => {
      const vector = unitVector(`${model}\n${text}`, size);
      return {
        object: "embedding",
        index,
        embedding: encoding === "base64" ? toBase64(vector) : [...vector],
      };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

interface GoogleRequest {
  readonly requests?: readonly {
    readonly content?: { readonly parts?: readonly { readonly text?: string }[] };
    readonly outputDimensionality?: number;
  }[];
}

/** The same vectors in answer to Gemini's `batchEmbedContents`. Throws `ApiError`. */
export function googleEmbeddings(model: string, body: unknown): object {
  const { requests = [] } = body as GoogleRequest;
  const input = requests.map(({ content }) => (content?.parts ?? []).map(({ text = "" }) => text).join(""));
  const dimensions = requests[0]?.outputDimensionality;
  const asked = errorOnRequest(model, ...input);
  if (asked) throw asked;
  const size = dimensions ?? DIMENSIONS[model] ?? DEFAULT_DIMENSIONS;
  return { embeddings: input.map((text) => ({ values: [...unitVector(`${model}\n${text}`, size)] })) };
}

/** A text, texts, a list of tokens, or lists of tokens; undefined when it is none of them. */
function textsOf(input: unknown): string[] | undefined {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || input.length === 0) return undefined;
  if (typeof input[0] === "number") return [input.join(" ")];
  return (input as readonly unknown[]).map((item) => (Array.isArray(item) ? item.join(" ") : String(item)));
}

function unitVector(seed: string, size: number): Float32Array {
  // An extendable hash gives as many bytes as there are numbers to fill.
  const bytes = createHash("shake256", { outputLength: size * BYTES_PER_NUMBER })
    .update(seed)
    .digest();
  const raw = Array.from({ length: size }, (_, index) => bytes.readInt32LE(index * BYTES_PER_NUMBER));
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / length);
}

function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * BYTES_PER_NUMBER);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * BYTES_PER_NUMBER);
  return bytes.toString("base64");
}
