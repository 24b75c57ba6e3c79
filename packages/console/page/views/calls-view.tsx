/** The list of calls, and beside it the one that is open. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type CallFilter, distinct, NO_FILTER } from "../list/filter.ts";
import { goTo, route } from "../state/route.ts";
import { calls, filter, shownCalls, system } from "../state/store.ts";
import { CallList } from "./call-list.tsx";
import { NoSink } from "./no-sink.tsx";
import { isTaken } from "./shortcuts.tsx";
import { TraceView } from "./trace-view.tsx";

/** Both. */
export function CallsView() {
  const { open } = route.value;
  const selectedId = useSignal<string | undefined>(open?.spanId);
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);

  const openCall = (id: string) => {
    const row = shownCalls.value.find((row) => row.id === id);
    selectedId.value = id;
    if (row) goTo({ view: "calls", open: { traceId: row.traceId, spanId: id } });
  };
  const close = () => {
    if (!route.value.open) return;
    goTo({ view: "calls" });
    list.current?.focus();
  };

  useEffect(() => {
    const step = (distance: number) => {
      const rows = shownCalls.value;
      const at = rows.findIndex(({ id }) => id === selectedId.value);
      const next = rows[at === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, at + distance))];
      if (!next) return;
      if (route.value.open) openCall(next.id);
      else selectedId.value = next.id;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && event.target === search.current) {
        search.current?.blur();
        list.current?.focus();
        return;
      }
      if (isTaken(event)) return;
      const isOnControl = event.target instanceof HTMLElement && event.target.closest("a, button, summary");
      if (event.key === "/") search.current?.focus();
      else if (event.key === "j" || event.key === "ArrowDown") step(1);
      else if (event.key === "k" || event.key === "ArrowUp") step(-1);
      else if (event.key === "Enter" && !isOnControl && selectedId.value !== undefined)
        openCall(selectedId.value);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  if (system.value && !system.value.hasSink) return <NoSink what="Calls and their traces" />;
  return (
    <div class={open ? "split opened" : "split"}>
      <section class="list-pane" aria-label="Calls">
        <FilterBar search={search} />
        <CallList
          rows={shownCalls.value}
          selectedId={selectedId.value}
          listRef={list}
          onOpen={openCall}
          emptyText={emptyText()}
        />
      </section>
      {open && <TraceView traceId={open.traceId} spanId={open.spanId} onClose={close} />}
    </div>
  );
}

function emptyText(): string {
  if (!calls.value) return "Reading the calls…";
  return calls.value.length === 0
    ? `No calls yet. Send one to ${system.value?.gatewayUrl ?? "the gateway"}: it is here as soon as its trace is delivered.`
    : "No call fits the filter.";
}

function FilterBar({ search }: { readonly search: RefObject<HTMLInputElement | null> }) {
  const rows = calls.value ?? [];
  const change = (changes: Partial<CallFilter>) => {
    filter.value = { ...filter.value, ...changes };
  };
  const isOn = filter.value !== NO_FILTER && Object.values(filter.value).some((text) => text !== "");
  const shown = shownCalls.value.length;
  return (
    <form
      class="filters"
      role="search"
      aria-label="Filter the calls"
      onSubmit={(event) => event.preventDefault()}
    >
      <label class="search">
        <span class="hidden">Filter by text</span>
        <input
          ref={search}
          type="search"
          placeholder="Filter: words of the call, its key, its ids…"
          value={filter.value.text}
          onInput={(event) => change({ text: event.currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      {(["key", "model", "level"] as const).map((field) => (
        <label key={field}>
          <span class="hidden">Filter by {field}</span>
          <select
            value={filter.value[field]}
            class={filter.value[field] === "" ? "" : "set"}
            onChange={(event) => change({ [field]: event.currentTarget.value })}
          >
            <option value="">Any {field}</option>
            {distinct(rows, field).map((value) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        </label>
      ))}
      {isOn && (
        <button
          type="button"
          class="plain"
          onClick={() => {
            filter.value = NO_FILTER;
          }}
        >
          Clear
        </button>
      )}
      <output class="faint tally">
        {isOn
          ? `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`
          : rows.length.toLocaleString("en")}{" "}
        {rows.length === 1 ? "call" : "calls"}
      </output>
    </form>
  );
}
