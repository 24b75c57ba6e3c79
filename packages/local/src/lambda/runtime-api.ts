/**
 * The Lambda Runtime API of one execution environment, as `aws-lambda-ric` speaks it.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import type { FunctionError, ResponseSink } from "./outcome.ts";
import { createPreludeReader, PRELUDE_CONTENT_TYPE } from "./response-prelude.ts";

/** What the runtime is given to work on. */
export interface Delivery {
  readonly requestId: string;
  /** The event as JSON. */
  readonly payload: string;
  /** Unix time, ms: when the environment is killed. */
  readonly deadlineMs: number;
  readonly functionArn: string;
}

/** What the runtime answered. */
export type Answer =
  | { readonly kind: "buffered"; readonly payload: string }
  | { readonly kind: "streamed" }
  | { readonly kind: "failed"; readonly error: FunctionError; readonly answerBegun: boolean };

/** What the Runtime API tells its environment. */
export interface RuntimeEvents {
  /** The runtime polls: it is initialised, or it is done with the last invocation and all its work. */
  polled(): void;
  /** The handler could not be loaded. The runtime exits next. */
  initFailed(error: FunctionError): void;
  /** Where the answer to this invocation goes; undefined when it is not the one in hand. */
  sinkFor(requestId: string): ResponseSink | undefined;
  /** The answer is complete. Not called when the process dies in the middle of it. */
  answered(requestId: string, answer: Answer): void;
}

/** The service side of one environment. */
export interface RuntimeApi {
  /** Host and port, for `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /** Answers the pending poll. Does nothing when there is none: the process has died a moment ago. */
  deliver(delivery: Delivery): void;
  /** Resolves when no answer is being read any more, be it complete or cut off. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

const BASE_PATH = "/2018-06-01/runtime/";
const ANSWER_PATH = /^invocation\/([^/]+)\/(response|error)$/;

/**
 * The runtime sends the prelude with the first `write`, and `end(chunk)` is none. In the service such an
 * answer loses its status and headers, or hangs; here it fails at once.
 */
const PRELUDE_MISSING: FunctionError = {
  errorType: "Sluice.PreludeMissing",
  errorMessage: "the answer ended before its status and headers were sent: call write() before end()",
};

/** Starts the Runtime API on a free loopback port. */
export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let poll: ServerResponse | undefined;
  const answers = new Set<Promise<void>>();

  const server = createServer((request, response) => {
    const path = request.url?.replace(BASE_PATH, "") ?? "";
    if (path === "invocation/next") {
      poll = response;
      response.once("close", () => {
        if (poll === response) poll = undefined;
      });
      events.polled();
      return;
    }
    const answer = handlePost(path, request, response, events).catch(() => {
      response.destroy();
    });
    answers.add(answer);
    void answer.finally(() => answers.delete(answer));
  });
  // A runtime polls for as long as there is no work, and a function answers for up to 15 minutes.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;

  const url = await listenOnLoopback(server, 0);
  return {
    address: new URL(url).host,
    deliver: (delivery) => {
      const response = poll;
      poll = undefined;
      response?.writeHead(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": delivery.requestId,
        "lambda-runtime-deadline-ms": String(delivery.deadlineMs),
        "lambda-runtime-invoked-function-arn": delivery.functionArn,
        "lambda-runtime-trace-id": "Root=1-00000000-000000000000000000000000;Sampled=0",
      });
      response?.end(delivery.payload);
    },
    drained: async () => {
      await Promise.all(answers);
    },
    close: () => closeNow(server),
  };
}

async function handlePost(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  events: RuntimeEvents,
): Promise<void> {
  if (path === "init/error") {
    events.initFailed(await readError(request));
    accept(response);
    return;
  }
  const [, encodedId = "", kind] = ANSWER_PATH.exec(path) ?? [];
  const requestId = decodeURIComponent(encodedId);
  const sink = events.sinkFor(requestId);
  if (!kind || !sink) {
    request.resume();
    refuse(response, kind ? 403 : 404);
    return;
  }
  const answer =
    kind === "error"
      ? ({ kind: "failed", error: await readError(request), answerBegun: false } as const)
      : request.headers["lambda-runtime-function-response-mode"] === "streaming"
        ? await readStream(request, sink)
        : ({ kind: "buffered", payload: await readText(request) } as const);
  accept(response);
  events.answered(requestId, answer);
}

/**
 * Passes a streamed answer on, chunk by chunk, as fast as the sink takes it. A chunk that is not taken
 * fills the function's socket, so that its `write` returns false.
 */
async function readStream(request: IncomingMessage, sink: ResponseSink): Promise<Answer> {
  const contentType = request.headers["content-type"] ?? "application/octet-stream";
  let readPrelude = contentType === PRELUDE_CONTENT_TYPE ? createPreludeReader() : undefined;
  let answerBegun = false;
  const begin = (head: Parameters<ResponseSink["head"]>[0]) => {
    answerBegun = true;
    sink.head(head);
  };
  for await (const chunk of request as AsyncIterable<Buffer>) {
    let bytes = chunk;
    if (readPrelude) {
      const prelude = readPrelude(bytes);
      if (!prelude) continue;
      readPrelude = undefined;
      begin(prelude.head);
      bytes = prelude.rest;
    }
    if (!answerBegun) begin({ headers: { "content-type": contentType } });
    if (bytes.length > 0) await sink.chunk(bytes);
  }
  // After the head an error can only follow the body, as a trailer.
  const error = request.trailers["lambda-runtime-function-error-body"];
  if (error) {
    return { kind: "failed", error: parseError(Buffer.from(error, "base64").toString()), answerBegun };
  }
  if (readPrelude) return { kind: "failed", error: PRELUDE_MISSING, answerBegun };
  if (!answerBegun) begin({ headers: { "content-type": contentType } });
  return { kind: "streamed" };
}

async function readText(request: IncomingMessage): Promise<string> {
  return String(await readBody(request));
}

async function readError(request: IncomingMessage): Promise<FunctionError> {
  return parseError(await readText(request));
}

function parseError(json: string): FunctionError {
  const { errorType, errorMessage, trace } = JSON.parse(json) as Partial<FunctionError>;
  return { errorType: errorType ?? "Error", errorMessage: errorMessage ?? "", ...(trace && { trace }) };
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
}

function refuse(response: ServerResponse, status: 403 | 404): void {
  response
    .writeHead(status, { "content-type": "application/json" })
    .end(JSON.stringify({ errorType: status === 403 ? "InvalidRequestID" : "NotFound", errorMessage: "" }));
}
