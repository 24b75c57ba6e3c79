/** Users shown by a hash of their id: calls of one user can still be told from another's. */
import { createHash } from "node:crypto";
import { assembledRequest, type BodyView, type ObservedCall } from "@sluice/langfuse";
import { mapTexts } from "./map-texts.ts";

/** Characters of the hash that are shown, hex. */
const SHOWN = 32;
/** Parameters that say who the user is (OpenAI API reference). */
const USER_PARAMETERS = ["safety_identifier", "user", "user_id"];

/**
 * The name under which a user is shown. No secret goes into it, so that every deployment and a user's own scripts find the same
 * name: it is a pseudonym, and whoever can guess the id can recognise it.
 */
export function hashedUserId(id: string): string {
  return createHash("sha256").update(`sluice:${id}`).digest("hex").slice(0, SHOWN);
}

/** The call with every mention of its user's id that is a text of its own, in the request and in what was said about the call. */
export function hashUsers(call: ObservedCall): ObservedCall {
  const request = assembledRequest(call);
  const parameters = USER_PARAMETERS.map((name) => request?.parameters[name]);
  const ids = new Set(
    [call.record.trace.userId, request?.user, ...parameters].filter((id) => typeof id === "string"),
  );
  if (ids.size === 0) return call;
  const hash = (text: string) => (ids.has(text) ? hashedUserId(text) : text);
  const { trace } = call.record;
  const { traceId, spanId, parentSpanId, ...said } = trace;
  return {
    ...call,
    record: {
      ...call.record,
      trace: {
        traceId,
        spanId,
        ...(parentSpanId !== undefined && { parentSpanId }),
        ...mapTexts(said, hash),
      },
    },
    request: hashInBody(call.request, hash, ids),
    ...(call.answer && { answer: hashInBody(call.answer, hash, ids) }),
  };
}

function hashInBody<T>(
  view: BodyView<T>,
  hash: (text: string) => string,
  ids: ReadonlySet<string>,
): BodyView<T> {
  if (view.kind === "read") return mapTexts(view, hash);
  const { raw } = view;
  if (!raw) return view;
  // A body that was not understood: its strings are found by their quotes.
  const text = [...ids].reduce(
    (current, id) => current.replaceAll(JSON.stringify(id), JSON.stringify(hashedUserId(id))),
    raw.text,
  );
  return { ...view, raw: { ...raw, text } };
}
