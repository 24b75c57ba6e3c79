/** Which model a call asked for, and which one answered. */
import { assembledAnswer, type ObservedCall } from "../observed-call.ts";

/** The model that answered, else the one that was asked, else the one that the caller named. */
export function modelName(call: ObservedCall): string | undefined {
  return assembledAnswer(call)?.model ?? routedModel(call) ?? call.record.requestedModel;
}

/** The model that the last attempt asked for. A passage's attempt may name none. */
export function routedModel({ record }: ObservedCall): string | undefined {
  return record.attempts.at(-1)?.model || undefined;
}
