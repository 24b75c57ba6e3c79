/** What a chat completion, or a chunk of one, says of the answer as a whole. */
import { asCount, asText, type JsonObject } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";

/** The head of an answer. */
export type Head = Pick<ModelAnswer, "id" | "model" | "createdAtS" | "serviceTier">;

/** Reads it from a body or chunk. Empty texts and a time of 0, as in Azure's first chunk, say nothing. */
export function readHead(body: JsonObject): Head {
  const id = asText(body["id"]);
  const model = asText(body["model"]);
  const createdAtS = asCount(body["created"]) || undefined;
  const serviceTier = asText(body["service_tier"]);
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(createdAtS !== undefined && { createdAtS }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}
