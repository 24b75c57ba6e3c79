/** Reads the answers of embedContent, batchEmbedContents and of Vertex's predict: everything but the vectors themselves. */
import type { AssembledAnswer, TokenUsage } from "../assembled.ts";
import { asCount, asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { member } from "./member.ts";
import { readGeminiUsage } from "./usage.ts";

/** Whether a body is the answer of an embeddings operation, whichever of the three it is. */
export function holdsEmbeddings(body: unknown): body is JsonObject {
  const answer = asObject(body);
  if (!answer) return false;
  if (asObject(answer["embedding"]) || Array.isArray(answer["embeddings"])) return true;
  return asList(answer["predictions"]).some((each) => asObject(asObject(each)?.["embeddings"]));
}

/** The vectors of an answer, in the order of the inputs; an empty one where a vector could not be read. */
export function embeddingVectors(answer: JsonObject): readonly (readonly unknown[])[] {
  const single = asObject(answer["embedding"]);
  const many = asList(answer["embeddings"]).map(asObject);
  const predicted = asList(answer["predictions"]).map((each) => asObject(asObject(each)?.["embeddings"]));
  const entries = single ? [single] : [...many, ...predicted];
  return entries.map((entry) => asList(entry?.["values"]));
}

/**
 * The tokens of the inputs: a `usageMetadata`, or the sum of the statistics that Vertex's predict gives with each
 * vector. Undefined where the answer counts none, as Gemini's does for its older models.
 */
export function embeddingUsage(answer: JsonObject): TokenUsage | undefined {
  const usage = asObject(member(answer, "usageMetadata"));
  const counted = usage && readGeminiUsage(usage);
  if (counted) return counted;
  const statistics = [...asList(answer["predictions"]), ...asList(answer["embeddings"])].map((each) => {
    const entry = asObject(asObject(each)?.["embeddings"]) ?? asObject(each);
    const stated = asObject(entry?.["statistics"]);
    return asCount(member(stated, "tokenCount"));
  });
  const counts = statistics.filter((count) => count !== undefined);
  if (counts.length === 0) return undefined;
  const inputTokens = counts.reduce((sum, count) => sum + count, 0);
  return { inputTokens, outputTokens: 0, totalTokens: inputTokens };
}

/** The answer for the trace. */
export function summariseEmbeddings(body: JsonObject): AssembledAnswer {
  const dimensions = embeddingVectors(body).map((vector) => vector.length);
  const model = asText(member(body, "modelVersion"));
  const usage = embeddingUsage(body);
  const rawUsage = asObject(member(body, "usageMetadata")) ?? asObject(body["metadata"]);
  return {
    ...(model !== undefined && { model }),
    choices: [],
    embeddings: { count: dimensions.length, dimensions },
    ...(usage && { usage }),
    ...(rawUsage && { rawUsage }),
    warnings: dimensions.includes(0) ? ["At least one vector could not be read."] : [],
  };
}
