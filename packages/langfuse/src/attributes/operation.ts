/** What each endpoint is, in the words of Langfuse and of the semantic conventions. */
import type { Endpoint } from "@sluice/trace";
import type { ObservedCall } from "../observed-call.ts";
import { routedModel } from "./model.ts";

/** Langfuse's types of an observation that a call can be. */
type ObservationType = "generation" | "embedding" | "retriever" | "guardrail" | "span";

interface Operation {
  /** `langfuse.observation.type`. */
  readonly type: ObservationType;
  /** `gen_ai.operation.name`: the conventions' word where they have one, else the field's own. */
  readonly name: string;
  /** The path that callers use. Absent where it is in the record. */
  readonly route?: string;
}

const OPERATIONS: Readonly<Record<Endpoint, Operation>> = {
  "chat.completions": { type: "generation", name: "chat", route: "/v1/chat/completions" },
  completions: { type: "generation", name: "text_completion", route: "/v1/completions" },
  embeddings: { type: "embedding", name: "embeddings", route: "/v1/embeddings" },
  responses: { type: "generation", name: "chat", route: "/v1/responses" },
  messages: { type: "generation", name: "chat", route: "/v1/messages" },
  // Nothing is generated, and nothing is billed: a generation without usage would be tokenised and charged by Langfuse.
  "messages.count_tokens": { type: "span", name: "count_tokens", route: "/v1/messages/count_tokens" },
  "images.generations": { type: "generation", name: "generate_content", route: "/v1/images/generations" },
  "audio.transcriptions": { type: "generation", name: "generate_content", route: "/v1/audio/transcriptions" },
  "audio.speech": { type: "generation", name: "generate_content", route: "/v1/audio/speech" },
  moderations: { type: "guardrail", name: "moderation", route: "/v1/moderations" },
  rerank: { type: "retriever", name: "rerank", route: "/v1/rerank" },
  proxy: { type: "span", name: "proxy" },
};

/** The operation of a call. */
export function operationOf({ record }: ObservedCall): Operation {
  return OPERATIONS[record.endpoint];
}

/** The path that the call came in by; of a passage the provider's own. */
export function routeOf({ record }: ObservedCall): string | undefined {
  return OPERATIONS[record.endpoint].route ?? record.passage?.path;
}

/**
 * The caller's name for the observation, else the one that the conventions give it, operation and model: few enough to group by. A passage is named by method and
 * path instead, without what names a single thing in it.
 */
export function spanName(call: ObservedCall): string {
  const { passage, requestedModel, trace } = call.record;
  if (trace.spanName !== undefined) return trace.spanName;
  if (passage) return `${passage.method} ${passage.path.split("/").map(withoutId).join("/")}`;
  const { name } = operationOf(call);
  const model = routedModel(call) ?? requestedModel;
  return model === undefined ? name : `${name} ${model}`;
}

/** `{id}` for a part of a path that is the id of one file, batch or job: long, and with digits in one run of letters. */
function withoutId(segment: string): string {
  const isId = /[A-Za-z0-9]{16,}/.test(segment) && /\d/.test(segment);
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment);
  return isId || isUuid ? "{id}" : segment;
}
