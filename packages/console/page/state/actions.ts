/** What the page asks the server to do, and to show. */
import type { TraceView } from "@sluice/local/sink/span-view";

/** Sends parked records again: those of one reason, or all. Throws when the server refuses. */
export async function startRedrive(reason: string | undefined): Promise<void> {
  await post("/api/redrive", reason === undefined ? {} : { reason });
}

/** Ends sending after the records under way. */
export async function stopRedrive(): Promise<void> {
  await post("/api/redrive/stop", {});
}

/** The trace, or undefined when the sink does not have it. */
export async function fetchTrace(id: string, signal: AbortSignal): Promise<TraceView | undefined> {
  const response = await fetch(`/api/traces/${encodeURIComponent(id)}`, { signal });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(await messageOf(response));
  return (await response.json()) as TraceView;
}

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await messageOf(response));
}

async function messageOf(response: Response): Promise<string> {
  const { message } = (await response.json()) as { readonly message?: string };
  return message ?? `The console answered with status ${response.status}.`;
}
