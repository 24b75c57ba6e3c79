/** Which view is shown: what is behind the # of the address, so that each view has one, and "back" works. */
import { signal } from "@preact/signals";

export const VIEWS = ["calls", "budgets", "queue", "charts"] as const;
export type ViewName = (typeof VIEWS)[number];

/** A view; of the calls, perhaps with one of them open. */
export interface Route {
  readonly view: ViewName;
  readonly open?: { readonly traceId: string; readonly spanId: string };
}

/** The route of an address's hash. One that names nothing is the list of calls. */
export function parseRoute(hash: string): Route {
  const [, name, traceId, spanId] = hash.split("/");
  const view = VIEWS.find((view) => view === name) ?? "calls";
  return view === "calls" && traceId && spanId
    ? { view, open: { traceId: decodeURIComponent(traceId), spanId: decodeURIComponent(spanId) } }
    : { view };
}

export function hashOf({ view, open }: Route): string {
  return open
    ? `#/${view}/${encodeURIComponent(open.traceId)}/${encodeURIComponent(open.spanId)}`
    : `#/${view}`;
}

export const route = signal(parseRoute(location.hash));
addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

/** Shows another view. From one open call to the next it makes no entry in the history. */
export function goTo(next: Route): void {
  if (next.open && route.value.open) history.replaceState(null, "", hashOf(next));
  else history.pushState(null, "", hashOf(next));
  route.value = next;
}
