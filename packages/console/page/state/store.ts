/** Everything that the server has told. */
import { computed, signal } from "@preact/signals";
import { type CallRow, MAX_ROWS } from "../../api/call-row.ts";
import type { BudgetView, QueueView, RedriveView, SystemView } from "../../api/events.ts";
import { NO_FILTER, rowMatcher } from "../list/filter.ts";

/** Whether the server can be heard. */
export const isConnected = signal(false);
/** What the server cannot read; empty when all is well. */
export const problem = signal("");
export const system = signal<SystemView | undefined>(undefined);
/** The newest first; undefined until the server has told. */
export const calls = signal<readonly CallRow[] | undefined>(undefined);
export const budgets = signal<readonly BudgetView[] | undefined>(undefined);
export const queue = signal<QueueView | undefined>(undefined);
export const redrive = signal<RedriveView | undefined>(undefined);

/** What the list is narrowed down to. */
export const filter = signal(NO_FILTER);
/** The calls that the list shows. */
export const shownCalls = computed(() => (calls.value ?? []).filter(rowMatcher(filter.value)));

/** Puts calls in their places, by when they began. One that is there already is replaced. */
export function mergeCalls(present: readonly CallRow[], fresh: readonly CallRow[]): readonly CallRow[] {
  const ids = new Set(fresh.map(({ id }) => id));
  return [...fresh, ...present.filter(({ id }) => !ids.has(id))]
    .toSorted((one, other) => other.startedAtMs - one.startedAtMs)
    .slice(0, MAX_ROWS);
}
