/** In which count a call is, and what moves it to another one. */
import type { CountedUnder } from "@sluice/flusher";
import type { Item } from "./account-item.ts";
import type { CountChange } from "./delivery-counters.ts";

/**
 * `open`: accepted, and nothing else yet; `dead`: delivered as a call that died, which its own record may still open
 * again. A call without a state was never heard of.
 */
export type CallState = "open" | "delivered" | "dead" | "parked";

/** The counted part of a call's item. */
export interface CountedCall extends CountedUnder {
  readonly state: CallState;
}

/** What an item says of its call; undefined when the call is not counted yet. */
export function countedCall(item: Item | undefined): CountedCall | undefined {
  const state = STATES.find((state) => state === item?.["state"]?.S);
  const acceptedHour = item?.["acceptedHour"]?.S;
  const takenHour = item?.["takenHour"]?.S;
  if (!state || acceptedHour === undefined || takenHour === undefined) return undefined;
  return { state, acceptedHour, takenHour };
}

/** The attributes of an item that say so. */
export function countedItem({ state, acceptedHour, takenHour }: CountedCall): Item {
  return { state: { S: state }, acceptedHour: { S: acceptedHour }, takenHour: { S: takenHour } };
}

const STATES: readonly CallState[] = ["open", "delivered", "dead", "parked"];

/** The call once it is taken. What is delivered stays so, but for a call given up for dead whose own record has come. */
export function whenTaken(
  call: CountedCall | undefined,
  { dead, hour }: { readonly dead: boolean; readonly hour: string },
): CountedCall {
  if (call?.state === "delivered" || (call?.state === "dead" && dead)) return call;
  return { state: "open", acceptedHour: call?.acceptedHour ?? hour, takenHour: hour };
}

/** The call once every drain has its trace. A late word of its death changes nothing. */
export function whenDelivered(
  call: CountedCall | undefined,
  { dead, hour }: { readonly dead: boolean; readonly hour: string },
): CountedCall {
  const state = dead && call?.state !== "delivered" ? "dead" : "delivered";
  return { ...(call ?? { acceptedHour: hour, takenHour: hour }), state };
}

/** The call once its message is in the dead-letter queue. */
export function whenParked(call: CountedCall | undefined, hour: string): CountedCall {
  return { ...(call ?? { acceptedHour: hour, takenHour: hour }), state: "parked" };
}

/**
 * How the counts change with the call. By the hour in which it was accepted it is in exactly one of `inFlight`,
 * `delivered` and `parked`; an open call is also in `lastTaken` of the hour in which it was last taken.
 */
export function countChanges(from: CountedCall | undefined, to: CountedCall): readonly CountChange[] {
  const changes: CountChange[] = [];
  if (!from) changes.push({ hour: to.acceptedHour, count: "accepted", by: 1 });
  if (from && COUNTED_AS[from.state] !== COUNTED_AS[to.state]) {
    changes.push({ hour: to.acceptedHour, count: COUNTED_AS[from.state], by: -1 });
  }
  if (!from || COUNTED_AS[from.state] !== COUNTED_AS[to.state]) {
    changes.push({ hour: to.acceptedHour, count: COUNTED_AS[to.state], by: 1 });
  }
  const was = from?.state === "open" ? from.takenHour : undefined;
  const is = to.state === "open" ? to.takenHour : undefined;
  if (was !== is) {
    if (was !== undefined) changes.push({ hour: was, count: "lastTaken", by: -1 });
    if (is !== undefined) changes.push({ hour: is, count: "lastTaken", by: 1 });
  }
  return changes;
}

const COUNTED_AS = {
  open: "inFlight",
  delivered: "delivered",
  dead: "delivered",
  parked: "parked",
} as const satisfies Record<CallState, CountChange["count"]>;
