/** The calls as a grid of which only the lines on the screen exist, so that ten thousand are as quick as ten. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CallRow } from "../../api/call-row.ts";
import { clock, count, duration, moment, money } from "../format/numbers.ts";
import { visibleLines } from "../list/window.ts";

/** As in the style sheet. */
const LINE_HEIGHT = 36;

const COLUMNS = [
  "Time",
  "Status",
  "Model",
  "Key",
  "Said",
  "Tokens",
  "Cost",
  "Latency",
  "First token",
] as const;

interface CallListProps {
  readonly rows: readonly CallRow[];
  readonly selectedId: string | undefined;
  readonly listRef: RefObject<HTMLDivElement | null>;
  readonly onOpen: (id: string) => void;
  readonly emptyText: string;
}

/** Keeps its place when calls come in above it, and shows the selected call. */
export function CallList({ rows, selectedId, listRef, onOpen, emptyText }: CallListProps) {
  const [scrollTop, setScrollTop] = useState(0);
  const [height, setHeight] = useState(800);
  const topId = useRef<string | undefined>(undefined);

  useEffect(() => {
    const list = listRef.current;
    if (!list) return undefined;
    const observer = new ResizeObserver(() => setHeight(list.clientHeight));
    observer.observe(list);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const list = listRef.current;
    const was = topId.current;
    topId.current = rows[0]?.id;
    if (!list || list.scrollTop === 0 || was === undefined || was === rows[0]?.id) return;
    const moved = rows.findIndex(({ id }) => id === was);
    if (moved > 0) list.scrollTop += moved * LINE_HEIGHT;
  }, [rows]);

  useEffect(() => {
    const list = listRef.current;
    const at = rows.findIndex(({ id }) => id === selectedId);
    if (!list || at === -1) return;
    const top = at * LINE_HEIGHT;
    const shown = list.clientHeight - LINE_HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + LINE_HEIGHT > list.scrollTop + shown) list.scrollTop = top + LINE_HEIGHT - shown;
  }, [selectedId]);

  const { from, to } = visibleLines(rows.length, { scrollTop, height, lineHeight: LINE_HEIGHT });
  return (
    <div
      ref={listRef}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label="Calls, the newest first"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={selectedId === undefined ? undefined : `call-${selectedId}`}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
    >
      <div class="line columns" role="row" aria-rowindex={1}>
        {COLUMNS.map((name) => (
          <span key={name} role="columnheader" class={classOf(name)}>
            {name}
          </span>
        ))}
      </div>
      <div class="lines" role="rowgroup" style={{ height: `${rows.length * LINE_HEIGHT}px` }}>
        {rows.slice(from, to).map((row, index) => (
          <Line
            key={row.id}
            row={row}
            index={from + index}
            isSelected={row.id === selectedId}
            onOpen={onOpen}
          />
        ))}
      </div>
      {rows.length === 0 && <p class="empty">{emptyText}</p>}
    </div>
  );
}

interface LineProps {
  readonly row: CallRow;
  readonly index: number;
  readonly isSelected: boolean;
  readonly onOpen: (id: string) => void;
}

function Line({ row, index, isSelected, onOpen }: LineProps) {
  const {
    id,
    startedAtMs,
    model = "–",
    provider,
    key = "–",
    preview,
    costUsd,
    durationMs,
    firstTokenMs,
  } = row;
  return (
    <div
      id={`call-${id}`}
      class="line"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${index * LINE_HEIGHT}px)` }}
      onClick={() => onOpen(id)}
    >
      <span role="gridcell" class="c-time mono" title={moment(startedAtMs)}>
        {clock(startedAtMs)}
      </span>
      <span role="gridcell" class="c-status">
        <Level row={row} />
      </span>
      <span role="gridcell" class="c-model" title={provider ? `${model} of ${provider}` : model}>
        {model} {provider && <small>{provider}</small>}
        {row.attempts > 1 && (
          <small class="tries" title={`${row.attempts} attempts`}>
            ×{row.attempts}
          </small>
        )}
      </span>
      <span role="gridcell" class="c-key" title={row.tenant ? `${key} of ${row.tenant}` : key}>
        {key}
      </span>
      <span role="gridcell" class="c-said" title={row.message ?? preview}>
        {row.level === "ERROR" && row.message ? <span class="bad">{row.message}</span> : preview}
      </span>
      <span role="gridcell" class="c-tokens num">
        {count(row.inputTokens)} <span class="faint">→</span> {count(row.outputTokens)}
      </span>
      <span role="gridcell" class="c-cost num">
        {costUsd === undefined ? "–" : money(costUsd)}
      </span>
      <span role="gridcell" class="c-latency num">
        {duration(durationMs)}
      </span>
      <span role="gridcell" class="c-first num">
        {firstTokenMs === undefined ? "–" : duration(firstTokenMs)}
      </span>
    </div>
  );
}

/** The level as a colour, and the status as text. */
export function Level({ row: { level, status } }: { readonly row: Pick<CallRow, "level" | "status"> }) {
  const text = status === undefined ? level.toLowerCase() : String(status);
  return (
    <span class={`level ${level.toLowerCase()}`} title={level}>
      <i aria-hidden="true" />
      {text}
      <span class="hidden">{level}</span>
    </span>
  );
}

function classOf(column: (typeof COLUMNS)[number]): string {
  const name = column === "First token" ? "first" : column.toLowerCase();
  const isNumber = ["tokens", "cost", "latency", "first"].includes(name);
  return `c-${name}${isNumber ? " num" : ""}`;
}
