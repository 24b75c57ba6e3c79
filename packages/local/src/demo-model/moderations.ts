/** Moderations as OpenAI makes them, by a few words: enough to see both outcomes. */
import { randomUUID } from "node:crypto";
import { textOf } from "./answer.ts";
import { apiError, errorOnRequest } from "./api-error.ts";

interface RawRequest {
  readonly model?: unknown;
  readonly input?: unknown;
}

const DEFAULT_MODEL = "omni-moderation-latest";
/** The categories of OpenAI's API reference, and the words by which the demo model knows some of them. */
const CATEGORIES: Readonly<Record<string, RegExp | undefined>> = {
  harassment: /\b(idiot|stupid)\b/i,
  "harassment/threatening": undefined,
  hate: /\bhate\b/i,
  "hate/threatening": undefined,
  illicit: /\b(steal|counterfeit)\b/i,
  "illicit/violent": undefined,
  "self-harm": undefined,
  "self-harm/intent": undefined,
  "self-harm/instructions": undefined,
  sexual: undefined,
  "sexual/minors": undefined,
  violence: /\b(kill|murder|attack)\b/i,
  "violence/graphic": undefined,
};
const FOUND = 0.9;
const NOT_FOUND = 0.001;

/** The answer to a request. Throws `ApiError` where OpenAI refuses it. */
export function moderations(body: unknown): object {
  const { model = DEFAULT_MODEL, input } = body as RawRequest;
  const inputs = textsOf(input);
  if (inputs.length === 0) {
    throw apiError(400, "Missing required parameter: 'input'.", { param: "input" });
  }
  const asked = errorOnRequest(String(model), ...inputs);
  if (asked) throw asked;
  return { id: `modr-${randomUUID().replaceAll("-", "")}`, model, results: inputs.map(judge) };
}

/** Each text is judged alone; the parts of a message with images together. */
function textsOf(input: unknown): readonly string[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input) || input.length === 0) return [];
  const items = input as readonly unknown[];
  if (items.every((item) => typeof item === "string")) return items;
  return [items.map(textOf).join(" ")];
}

function judge(text: string): object {
  const found = Object.entries(CATEGORIES).map(
    ([category, words]) => [category, words?.test(text) ?? false] as const,
  );
  return {
    flagged: found.some(([, isFound]) => isFound),
    categories: Object.fromEntries(found),
    category_scores: Object.fromEntries(
      found.map(([category, isFound]) => [category, isFound ? FOUND : NOT_FOUND]),
    ),
    category_applied_input_types: Object.fromEntries(found.map(([category]) => [category, ["text"]])),
  };
}
