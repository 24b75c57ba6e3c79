/** The frame of the page: its head, and the view that is chosen. */

import { hashOf, route, VIEWS, type ViewName } from "../state/route.ts";
import { isConnected, problem, queue, system } from "../state/store.ts";
import { switchTheme, theme } from "../state/theme.ts";
import { BudgetsView } from "./budgets-view.tsx";
import { CallsView } from "./calls-view.tsx";
import { ChartsView } from "./charts-view.tsx";
import { QueueView } from "./queue-view.tsx";
import { ShortcutsHelp, showHelp, useShortcuts } from "./shortcuts.tsx";

const TITLES: Readonly<Record<ViewName, string>> = {
  calls: "Calls",
  budgets: "Budgets",
  queue: "Queue",
  charts: "Charts",
};

/** The whole page. */
export function App() {
  useShortcuts();
  const { view } = route.value;
  return (
    <>
      <header class="head">
        <a class="brand" href="#/calls" aria-label="Sluice console">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M7 12c3-3 6-3 9 0s6 3 9 0M7 20c3-3 6-3 9 0s6 3 9 0" />
          </svg>
          Sluice
        </a>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <a key={name} href={hashOf({ view: name })} aria-current={view === name ? "page" : undefined}>
              {TITLES[name]}
              {name === "queue" && <ParkedCount />}
            </a>
          ))}
        </nav>
        <div class="head-end">
          <LiveMark />
          <button
            type="button"
            class="icon"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={showHelp}
          >
            ?
          </button>
          <button
            type="button"
            class="icon"
            aria-label={theme.value === "dark" ? "Switch to light" : "Switch to dark"}
            title="Dark or light (t)"
            onClick={switchTheme}
          >
            {theme.value === "dark" ? "☀" : "☾"}
          </button>
        </div>
      </header>
      {problem.value !== "" && (
        <p class="banner bad" role="alert">
          A store does not answer: {problem}. It is tried again every second.
        </p>
      )}
      <main>
        {view === "calls" && <CallsView />}
        {view === "budgets" && <BudgetsView />}
        {view === "queue" && <QueueView />}
        {view === "charts" && <ChartsView />}
      </main>
      <ShortcutsHelp />
    </>
  );
}

function ParkedCount() {
  const { waiting = 0, inFlight = 0, delayed = 0 } = queue.value?.parked ?? {};
  const parked = waiting + inFlight + delayed;
  return parked === 0 ? null : <span class="count bad-fill">{parked}</span>;
}

function LiveMark() {
  const host = system.value ? new URL(system.value.gatewayUrl).host : "";
  return (
    <span class={isConnected.value ? "live" : "live off"} role="status">
      <i aria-hidden="true" />
      {isConnected.value ? (
        <>
          Live <span class="faint mono">{host}</span>
        </>
      ) : (
        "The system is not running: start it with npm start"
      )}
    </span>
  );
}
