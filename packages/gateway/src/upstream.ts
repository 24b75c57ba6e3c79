/**
 * Calls a provider over node:http(s). It was the cheapest client to start (see docs/performance.md), it hands
 * over bytes as they come, and it never decompresses on its own.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { UpstreamError } from "./errors.ts";
import type { CallUpstream, UpstreamRequest } from "./ports.ts";

/** A caller that keeps its connections open between calls. Make one for each instance. */
export function createUpstreamCaller(): CallUpstream {
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  return async (request) => {
    try {
      return await callOnce(request, agents);
    } catch (error) {
      // The provider closed an idle connection while this instance was frozen: it never saw the request.
      if (error instanceof StaleConnection) return await callOnce(request, agents);
      throw error;
    }
  };
}

/** A kept connection turned out to be closed before any byte of an answer. */
class StaleConnection extends UpstreamError {}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

function callOnce(request: UpstreamRequest, agents: Agents): Promise<IncomingMessage> {
  const { url, method, headers, body, signal } = request;
  const secure = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method,
      agent: secure ? agents.https : agents.http,
      headers: { ...headers, ...(body && { "content-length": body.byteLength }) },
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = (ms: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        outgoing.destroy(new UpstreamError("upstream_timeout", `${what} within ${ms} ms.`));
      }, ms);
    };
    const onAbort = () => {
      outgoing.destroy(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });

    outgoing.on("socket", (socket) => {
      if (!socket.connecting) return;
      limit(request.connectTimeoutMs, `No connection to ${url.host}`);
      socket.once(secure ? "secureConnect" : "connect", () => {
        limit(request.firstByteTimeoutMs, `No answer from ${url.host}`);
      });
    });
    outgoing.on("finish", () => {
      limit(request.firstByteTimeoutMs, `No answer from ${url.host}`);
    });
    outgoing.on("response", (answer) => {
      clearTimeout(timer);
      answer.once("close", () => {
        signal.removeEventListener("abort", onAbort);
      });
      resolve(answer);
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      reject(asUpstreamError(error, url, outgoing.reusedSocket));
    });
    outgoing.end(body);
  });
}

/** Why a call was aborted, as an error for the record. */
export function abortReason(signal: AbortSignal): UpstreamError {
  return signal.reason instanceof UpstreamError
    ? signal.reason
    : new UpstreamError("upstream_broken", "The call was aborted.");
}

function asUpstreamError(error: NodeJS.ErrnoException, url: URL, reusedSocket: boolean): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const message = `${url.host} gave no answer (${error.code ?? error.message}).`;
  if (reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE")) {
    return new StaleConnection("upstream_unreachable", message, { cause: error });
  }
  return new UpstreamError("upstream_unreachable", message, { cause: error });
}
