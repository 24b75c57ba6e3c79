/**
 * A function URL with invoke mode RESPONSE_STREAM in front of a local function.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import { type LambdaFunction, TooManyRequestsError } from "./function.ts";
import { functionUrlEvent } from "./function-url-event.ts";
import type { Outcome, ResponseHead, ResponseSink } from "./outcome.ts";

/** Most that an invocation takes, bytes of the whole event (AWS Lambda quotas: invocation payload). */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** A function URL that listens. */
export interface FunctionUrl {
  /** Without a slash at its end. */
  readonly url: string;
  /** Takes no new request, waits at most `graceMs` for the open ones, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** The service sets these itself, or leaves them to the connection. */
const DROPPED_HEADERS = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

/** Listens on the loopback address. Port 0 takes a free one. Throws `PortInUseError`. */
export async function startFunctionUrl(
  lambda: LambdaFunction,
  { port }: { readonly port: number },
): Promise<FunctionUrl> {
  const open = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const handled = handle(lambda, request, response).catch(() => {
      response.destroy();
    });
    open.add(handled);
    void handled.finally(() => open.delete(handled));
  });
  // An upload may take as long as the function may run.
  server.requestTimeout = 0;
  const url = await listenOnLoopback(server, port);
  return {
    url,
    close: async (graceMs) => {
      server.close();
      server.closeIdleConnections();
      const grace = Promise.withResolvers<void>();
      const timer = setTimeout(grace.resolve, graceMs);
      await Promise.race([Promise.all(open), grace.promise]);
      clearTimeout(timer);
      await closeNow(server);
    },
  };
}

async function handle(
  lambda: LambdaFunction,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader("x-amzn-requestid", requestId);
  const body = await readBody(request, MAX_PAYLOAD_BYTES);
  const payload = body && JSON.stringify(functionUrlEvent(request, { body, requestId, nowMs: Date.now() }));
  if (payload === undefined || Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
    const message = `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`;
    refuse(response, 413, "RequestEntityTooLargeException", {
      Message: message,
      // The service says no more than the above, and the gateway is never asked. Beside it, for whoever calls this
      // machine, what the gateway would say.
      error: { message, type: "invalid_request_error", param: null, code: "request_too_large" },
    });
    return;
  }
  let outcome: Outcome;
  try {
    outcome = await lambda.invoke(payload, sinkInto(response));
  } catch (error) {
    if (!(error instanceof TooManyRequestsError)) throw error;
    refuse(response, 429, "TooManyRequestsException", {
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      Message: "Rate Exceeded.",
    });
    return;
  }
  finish(response, outcome);
}

/**
 * Passes a streamed answer to the client no faster than the client reads. A client that has left is not
 * signalled to the function, which runs on: its bytes are dropped.
 */
function sinkInto(response: ServerResponse): ResponseSink {
  return {
    head: (head) => {
      if (!response.destroyed) writeHead(response, head);
    },
    chunk: async (bytes) => {
      if (response.destroyed || response.write(bytes)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      response.once("drain", resolve).once("close", resolve);
      await promise;
      response.off("drain", resolve).off("close", resolve);
    },
  };
}

function writeHead(response: ServerResponse, { statusCode = 200, headers = {}, cookies }: ResponseHead) {
  if (cookies?.length) response.setHeader("set-cookie", cookies);
  for (const [name, value] of Object.entries(headers)) {
    if (!DROPPED_HEADERS.has(name.toLowerCase())) response.setHeader(name, String(value));
  }
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "application/octet-stream");
  response.writeHead(statusCode);
  response.flushHeaders();
}

function finish(response: ServerResponse, outcome: Outcome): void {
  if (outcome.kind === "streamed") {
    response.end();
  } else if (outcome.kind === "buffered") {
    finishBuffered(response, outcome.payload);
  } else if (outcome.answerBegun) {
    // The status is out: a body that breaks off is all that can tell the client.
    response.destroy();
  } else {
    response.writeHead(502, {
      "content-type": "application/json",
      "x-amzn-errortype": outcome.error.errorType,
    });
    response.end("Internal Server Error");
  }
}

/** A result with a status code is an answer; any other result is the body of one. */
function finishBuffered(response: ServerResponse, payload: string): void {
  const result = JSON.parse(payload) as
    | (ResponseHead & { readonly body?: string; readonly isBase64Encoded?: boolean })
    | null;
  const isAnswer = typeof result === "object" && result !== null && "statusCode" in result;
  response.setHeader("content-type", "application/json");
  if (!isAnswer) {
    response.end(payload);
    return;
  }
  writeHead(response, result);
  response.end(Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8"));
}

function refuse(response: ServerResponse, status: number, errorType: string, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": errorType });
  response.end(JSON.stringify(body));
}
