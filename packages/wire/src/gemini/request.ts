/** Reads requests in Gemini's format: what the model was given, and with which settings. */
import type { AssembledRequest, Reading } from "../assembled.ts";
import { readJsonBody } from "../body-text.ts";
import { asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { inCamelCase, member } from "./member.ts";

/** What the model sees of a request. */
const CONVERSATION = new Set(["contents", "systemInstruction", "tools", "toolConfig", "cachedContent"]);

/** What the model has to obey in its answer: it stands with the conversation, as OpenAI's `response_format` does. */
const OUTPUT_SHAPE = new Set(["responseSchema", "responseJsonSchema"]);

/** Reads the body of generateContent or streamGenerateContent. Its model stands in the URL as a rule. Never throws. */
export function readGeminiRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readObject(body, (request) => {
    const { generationConfig, ...fields } = camelCased(request);
    const settings = camelCased(asObject(generationConfig) ?? {});
    return {
      input: {
        ...pick(fields, (name) => CONVERSATION.has(name)),
        ...pick(settings, (name) => OUTPUT_SHAPE.has(name)),
      },
      parameters: {
        ...pick(settings, (name) => !OUTPUT_SHAPE.has(name)),
        ...pick(fields, (name) => !CONVERSATION.has(name)),
      },
    };
  });
}

/**
 * Reads the body of embedContent, batchEmbedContents or Vertex's predict: the input is the text, or the list of texts.
 * Content that is more than text is shown as it is. Never throws.
 */
export function readGeminiEmbeddingsRequest(body: Uint8Array): Reading<AssembledRequest> {
  return readObject(body, (request) => {
    const { requests, instances, content, parameters, ...fields } = camelCased(request);
    if (Array.isArray(instances)) {
      const inputs = asList(instances).map((each) => asObject(each)?.["content"] ?? each);
      return { input: inputs, parameters: { ...asObject(parameters), ...pick(fields, () => true) } };
    }
    if (!Array.isArray(requests)) {
      return { input: plainText(content), parameters: pick(fields, () => true) };
    }
    const entries = asList(requests).map((each) => camelCased(asObject(each) ?? {}));
    // Clients write the same settings into each entry.
    const { content: _, ...settings } = entries[0] ?? {};
    return {
      model: asText(settings["model"]),
      input: entries.map((entry) => plainText(entry["content"])),
      parameters: { ...pick(settings, () => true), ...pick(fields, () => true) },
    };
  });
}

interface Read {
  readonly model?: string | undefined;
  readonly input: unknown;
  readonly parameters: JsonObject;
}

function readObject(body: Uint8Array, read: (request: JsonObject) => Read): Reading<AssembledRequest> {
  const json = readJsonBody([body]);
  if (!json.ok) return json;
  const request = asObject(json.value);
  if (!request) return { ok: false, reason: "The body is JSON but no object." };
  const { input, parameters, model: named } = read(request);
  const model = asText(request["model"]) ?? named;
  return { ok: true, value: { ...(model !== undefined && { model }), input, parameters } };
}

function pick(fields: JsonObject, wanted: (name: string) => boolean): JsonObject {
  const kept = Object.entries(fields).filter(
    ([name, value]) => value !== null && name !== "model" && name !== "trace" && wanted(name),
  );
  return Object.fromEntries(kept);
}

/** The fields by the names of the reference, for they may be spelt with underscores. */
function camelCased(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [inCamelCase(name), value]));
}

/** A content's text when it is nothing but text. */
function plainText(content: unknown): unknown {
  const parts = asList(member(asObject(content), "parts"));
  const texts = parts.map((part) => asObject(part)?.["text"]).filter((text) => typeof text === "string");
  return parts.length > 0 && texts.length === parts.length ? texts.join("") : content;
}
