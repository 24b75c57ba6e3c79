/** A call as the flusher understood it: the record, and what its bodies say. What every drain maps from. */

import type { BilledUsage, Cost } from "@sluice/prices";
import type { ExchangeRecord } from "@sluice/trace";
import type { AssembledAnswer, AssembledRequest } from "@sluice/wire";

/** A body that no reader could read, as text: the trace shows it rather than nothing. */
export interface RawBody {
  readonly text: string;
  /** `base64` when the bytes are no UTF-8. */
  readonly encoding: "utf-8" | "base64";
  /** Bytes at the end that are not in `text`. */
  readonly omittedBytes: number;
}

/** What became of a body. */
export type BodyView<T> =
  | { readonly kind: "read"; readonly value: T }
  /** `raw` is absent when the body is empty. */
  | { readonly kind: "unread"; readonly reason: string; readonly raw?: RawBody };

/** What a call used and cost. */
export interface Billing {
  readonly usage: BilledUsage;
  /** The provider reported no usage: the tokens were counted from the text. */
  readonly usageEstimated: boolean;
  readonly cost: Cost;
}

/** Everything there is to say about one call. */
export interface ObservedCall {
  readonly record: ExchangeRecord;
  /** When the queue first accepted the record, Unix time in ms. Absent where it came another way. */
  readonly queuedAtMs?: number;
  readonly request: BodyView<AssembledRequest>;
  /** Absent when no answer came. */
  readonly answer?: BodyView<AssembledAnswer>;
  /** Absent when the call cost nothing, because it got no answer that is paid for. */
  readonly billing?: Billing;
}

/** The assembled answer, when there is one. */
export function assembledAnswer({ answer }: ObservedCall): AssembledAnswer | undefined {
  return answer?.kind === "read" ? answer.value : undefined;
}

/** The assembled request, when it could be read. */
export function assembledRequest({ request }: ObservedCall): AssembledRequest | undefined {
  return request.kind === "read" ? request.value : undefined;
}
