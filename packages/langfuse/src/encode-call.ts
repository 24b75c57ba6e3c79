/** A call's spans as one piece of an export request: for every drain, in whatever format. */
import type { SpanOptions } from "./attributes/call-facts.ts";
import { callSpans } from "./call-span.ts";
import type { KeepWhole } from "./drain.ts";
import { type EncodeSpan, encodeToFit, ownPrefix } from "./fit-span.ts";
import type { ObservedCall } from "./observed-call.ts";
import { encodeSpan, type Span } from "./otlp.ts";

/** How spans are written. */
export interface SpanFormat {
  readonly encode: EncodeSpan;
  /** Of spans that belong to a call's own, where those are written in another way. */
  readonly encodeChild?: EncodeSpan;
  /** What stands between two spans of a request. */
  readonly separator: Uint8Array;
}

/** OTLP JSON: the members of a list. */
export const JSON_SPANS: SpanFormat = { encode: encodeSpan, separator: Buffer.from(",") };

/** Most bytes of a span that says no more than that an attempt failed. */
const MAX_CHILD_BYTES = 16_000;

/**
 * The spans of a call in at most `limitBytes`: what is too large is cut, and says so. The same call always gives the same
 * bytes. Throws what the mapping throws.
 */
export function encodeCall(
  call: ObservedCall,
  limitBytes: number,
  {
    format = JSON_SPANS,
    keepWhole,
    ...options
  }: SpanOptions & { readonly format?: SpanFormat; readonly keepWhole?: KeepWhole | undefined } = {},
): Uint8Array {
  const [root, ...children] = callSpans(call, options);
  const { encode, encodeChild = encode, separator } = format;
  // The call itself is worth more than all of its failed attempts.
  const childBytes = Math.min(MAX_CHILD_BYTES, Math.floor(limitBytes / 2 / Math.max(children.length, 1)));
  const parts = children.flatMap((child) => [
    separator,
    encodeToFit(child, childBytes, { encode: encodeChild }),
  ]);
  const left = parts.reduce((bytes, part) => bytes - part.byteLength, limitBytes);
  const shown = keepWhole && isShownInPart(call) ? withWhole(root, keepWhole()) : root;
  return Buffer.concat([encodeToFit(shown, left, { encode, keepWhole }), ...parts]);
}

/** Of a body that no reader could read, a trace shows the beginning only. */
function isShownInPart({ request, answer }: ObservedCall): boolean {
  return [request, answer].some((view) => view?.kind === "unread" && (view.raw?.omittedBytes ?? 0) > 0);
}

function withWhole(span: Span, keptAt: string): Span {
  return { ...span, attributes: { ...span.attributes, [`${ownPrefix(span)}whole`]: keptAt } };
}
