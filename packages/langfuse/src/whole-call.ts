/** A call as it is kept in the account when its trace has to be cut: everything that was said, unredacted. */
import type { ExchangeRecord } from "@sluice/trace";
import { conversationOutput } from "./conversation.ts";
import type { BodyView, ObservedCall } from "./observed-call.ts";

/** Where in the bucket a call is kept whole: `wholes/<day>/<call id>.json`, the day in UTC on which it began. */
export function wholeKey({ callId, times }: Pick<ExchangeRecord, "callId" | "times">): string {
  return `wholes/${new Date(times.startedAtMs).toISOString().slice(0, 10)}/${callId}.json`;
}

/** The call as JSON: its ids, input and output as the trace would show them, files included, and the caller's trace fields. */
export function wholeCall(call: ObservedCall): Uint8Array {
  const { record } = call;
  return Buffer.from(
    JSON.stringify({
      callId: record.callId,
      traceId: record.trace.traceId,
      spanId: record.trace.spanId,
      startedAt: new Date(record.times.startedAtMs).toISOString(),
      endedAt: new Date(record.times.endedAtMs).toISOString(),
      input: whole(call.request, record.request.body, ({ input }) => input),
      output: call.answer && whole(call.answer, record.answer?.body, () => conversationOutput(call)),
      trace: record.trace,
    }),
  );
}

/** A body that no reader could read is kept as it is, since the trace shows its beginning only. */
function whole<T>(view: BodyView<T>, body: Uint8Array | undefined, shown: (value: T) => unknown): unknown {
  if (view.kind === "read") return shown(view.value);
  if (!body || !view.raw?.omittedBytes) return view.raw;
  const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64");
  return { encoding: "base64", data };
}
