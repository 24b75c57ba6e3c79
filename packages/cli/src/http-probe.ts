/** One HTTP request to a server that may be away, or no such server at all. */

/** The server answered, whatever it said. */
export interface Answered {
  readonly kind: "answered";
  readonly status: number;
  readonly body: string;
  /** Where a redirection leads to. */
  readonly location?: string;
}

/** No answer came. */
export interface Unanswered {
  readonly kind: "unanswered";
  /** What happened, without a full stop. */
  readonly reason: string;
  readonly remedy: string;
}

/** What became of a request. */
export type ProbeResult = Answered | Unanswered;

/** What is asked. Default: `GET`. */
export interface ProbeRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Sends a request; resolves whatever happens. Redirections are not followed: they would take credentials along. */
export type Probe = (url: URL | string, request?: ProbeRequest) => Promise<ProbeResult>;

/** How long a server may take to answer. */
const TIMEOUT_MS = 10_000;

/** What a probe is made with. */
export interface ProbeOptions {
  /** Unix time, ms. */
  readonly nowMs: () => number;
  /** Told by how much a server's clock is ahead of ours, ms, with the resolution of its `Date` header: a second. */
  readonly onClock?: (host: string, aheadMs: number) => void;
  /** Ends all requests. */
  readonly signal?: AbortSignal | undefined;
}

/** A probe with `fetch`. */
export function createProbe({ nowMs, onClock, signal }: ProbeOptions): Probe {
  return async (url, { method = "GET", headers = {}, body } = {}) => {
    const { host } = new URL(url);
    const sentAtMs = nowMs();
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers },
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
        ...(body !== undefined && { body: Buffer.from(body) }),
      });
      const dateMs = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(dateMs)) onClock?.(host, dateMs - (sentAtMs + nowMs()) / 2);
      const location = response.headers.get("location");
      return {
        kind: "answered",
        status: response.status,
        body: await response.text(),
        ...(location !== null && { location }),
      };
    } catch (error) {
      return { kind: "unanswered", ...reasonOf(error, host) };
    }
  };
}

/** Codes of Node, OpenSSL and undici, and what they mean to somebody who reads them at night. */
const REASONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOTFOUND: ["there is no host of this name", "check the address for a slip, and the network's DNS"],
  EAI_AGAIN: ["the name cannot be looked up now", "check the network and its DNS"],
  ECONNREFUSED: ["nothing listens there", "check that the server runs, and the port"],
  ECONNRESET: ["the connection was cut", "check proxies and firewalls on the way"],
  UND_ERR_SOCKET: ["the connection was cut", "check proxies and firewalls on the way"],
  EHOSTUNREACH: ["there is no way to the host", "check the network, and firewalls on the way"],
  ENETUNREACH: ["there is no way to the host", "check the network, and firewalls on the way"],
  ETIMEDOUT: ["no connection came about", "check firewalls and security groups on the way"],
  UND_ERR_CONNECT_TIMEOUT: ["no connection came about", "check firewalls and security groups on the way"],
  CERT_HAS_EXPIRED: ["its certificate has expired", "renew the server's certificate"],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "its certificate is for another host",
    "use the host's name as its certificate has it",
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    "it signed its certificate itself",
    "give the server a certificate of a known authority, or name yours in NODE_EXTRA_CA_CERTS",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "its certificate comes from an unknown authority",
    "name the authority's certificate in NODE_EXTRA_CA_CERTS",
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "its certificate comes from an unknown authority, or lacks those in between",
    "let the server send its whole chain, or name the authority's certificate in NODE_EXTRA_CA_CERTS",
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: ["it does not speak TLS", "check the port, and https against http"],
};

function reasonOf(error: unknown, host: string): { reason: string; remedy: string } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "TimeoutError") {
    const reason = `${host} does not answer within ${TIMEOUT_MS / 1000} s`;
    return { reason, remedy: "check the network, and firewalls on the way" };
  }
  const code = codeOf(cause);
  const known = code === undefined ? undefined : REASONS[code];
  if (known) return { reason: `${host} cannot be reached: ${known[0]} (${code})`, remedy: known[1] };
  const why = code ?? (cause instanceof Error ? cause.message : String(cause));
  return { reason: `${host} cannot be reached (${why})`, remedy: "check the address and the network" };
}

/** A connection that was tried at several addresses gives an error of them all, whose code is that of one of them. */
function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}

/** What an error body says, in one short line; undefined when that is nothing. No key is ever in it. */
export function messageIn(body: string): string | undefined {
  const found = /"(?:message|error|__type|detail)"\s*:\s*"((?:[^"\\]|\\.){1,200})/.exec(body)?.[1];
  return found?.replaceAll(/\\n|\s+/g, " ").trim();
}
