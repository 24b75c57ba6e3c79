/** What a client of a provider makes of an answer, in a form that two answers can be compared in. */

/** Everything that a client shows of one answer. */
export interface Observed {
  readonly status: number | undefined;
  /** Those that a gateway has to keep. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each event that the client passed on, in order. Empty for an answer that came whole. */
  readonly events: readonly unknown[];
  /** The final object; absent when the client threw. */
  readonly final?: unknown;
  readonly error?: ObservedError;
}

/** An error that a client threw. */
export interface ObservedError {
  readonly name: string;
  readonly message: string;
  /** `status`, `code`, `type`, `param`, the body and so on, where the class has them. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where a client calls, and how. */
export interface Target {
  /** Without `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What one connection or one server (a function URL too) says of itself, and what Sluice adds: no part of the provider's answer. */
const NOT_THE_PROVIDERS =
  /^(connection|content-encoding|content-length|date|keep-alive|server|set-cookie|transfer-encoding|alt-svc|x-amzn-requestid|x-sluice-.*)$/;

/** The headers that must be the same on both ways. */
export function comparableHeaders(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !NOT_THE_PROVIDERS.test(name)));
}

/** A `fetch` that keeps status and headers of the last answer. */
export function watchedFetch(): { readonly fetch: typeof fetch; readonly seen: () => SeenHead } {
  let head: SeenHead = { status: undefined, headers: {} };
  return {
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      head = { status: response.status, headers: comparableHeaders(response.headers) };
      return response;
    },
    seen: () => head,
  };
}

/** Status and headers of an answer. */
export type SeenHead = Pick<Observed, "status" | "headers">;

/** Runs a client to its end and tells what it showed. `ask` passes events on as they come, and returns the final object. */
export async function observe(
  ask: (fetch: typeof globalThis.fetch, onEvent: (event: unknown) => void) => Promise<unknown>,
): Promise<Observed> {
  const { fetch, seen } = watchedFetch();
  const events: unknown[] = [];
  const onEvent = (event: unknown) => {
    // The clients go on changing some of the objects that they hand out.
    events.push(structuredClone(event));
  };
  try {
    const final = await ask(fetch, onEvent);
    return { ...seen(), events, final: structuredClone(toPlain(final)) };
  } catch (error) {
    return { ...seen(), events, error: observedError(error) };
  }
}

function observedError(error: unknown): ObservedError {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error), fields: {} };
  const fields = Object.entries(error)
    .filter(([name]) => !ELSEWHERE.has(name))
    .map(([name, value]: [string, unknown]) => [name, HEADERS.has(name) ? headersOf(value) : toPlain(value)]);
  return { name: error.constructor.name, message: error.message, fields: Object.fromEntries(fields) };
}

/** Fields of errors that say where it was asked, or stand in the others too. */
const ELSEWHERE: ReadonlySet<string> = new Set(["stack", "cause", "url"]);
/** Fields of errors that hold the answer's headers: OpenAI's and Anthropic's clients, and the AI SDK. */
const HEADERS: ReadonlySet<string> = new Set(["headers", "responseHeaders"]);

function headersOf(value: unknown): unknown {
  if (value instanceof Headers) return comparableHeaders(value);
  return typeof value === "object" && value !== null
    ? comparableHeaders(new Headers(Object.entries(value).map(([name, text]) => [name, String(text)])))
    : value;
}

/** Without functions, class instances and symbols, as JSON would have it. */
function toPlain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
