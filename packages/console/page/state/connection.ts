/** Listens to the server. */
import type { ConsoleEvents } from "../../api/events.ts";
import { budgets, calls, isConnected, mergeCalls, problem, queue, redrive, system } from "./store.ts";

/** Listens until the page is closed; the browser connects again by itself, and then everything comes anew. */
export function connect(): void {
  const source = new EventSource("/api/events");
  const on = <K extends keyof ConsoleEvents>(name: K, take: (data: ConsoleEvents[K]) => void) => {
    source.addEventListener(name, (event) => {
      take(JSON.parse(event.data) as ConsoleEvents[K]);
    });
  };
  source.addEventListener("open", () => {
    isConnected.value = true;
  });
  source.addEventListener("error", () => {
    isConnected.value = false;
  });
  on("system", (view) => {
    system.value = view;
    problem.value = "";
  });
  on("snapshot", (rows) => {
    calls.value = rows;
  });
  on("calls", (rows) => {
    calls.value = mergeCalls(calls.value ?? [], rows);
  });
  on("budgets", (view) => {
    budgets.value = view;
  });
  on("queue", (view) => {
    queue.value = view;
  });
  on("redrive", (view) => {
    redrive.value = view;
  });
  on("problem", (message) => {
    problem.value = message;
  });
}
