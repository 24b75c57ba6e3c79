/** AWS's JSON protocol (`x-amz-target` names the operation), for stand-ins of services that speak it. */
import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { closeNow, listenOnLoopback } from "./loopback.ts";
import { readBody } from "./request-body.ts";

/** An error as the SDK understands it: it becomes an exception with `type` as its name. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  /** The exception's name, for example `ResourceNotFoundException`. */
  readonly type: string;
  /** HTTP status. 5xx makes the SDK try again. */
  readonly status: number;
  /** Members of the exception beside its message. */
  readonly members: Readonly<Record<string, unknown>>;
  constructor(
    type: string,
    message: string,
    { status = 400, members = {} }: { status?: number; members?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.type = type;
    this.status = status;
    this.members = members;
  }
}

/** A request that names an operation. */
export interface AwsJsonRequest {
  /** For example `GetItem`. */
  readonly operation: string;
  /** The request's body as it came. */
  readonly body: string;
}

/** The answer to one. */
export interface AwsJsonAnswer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** A stand-in that listens. */
export interface AwsJsonServer {
  /** The endpoint for `AWS_ENDPOINT_URL_<SERVICE>`, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on a loopback port. What `answer` throws becomes an exception of the service: a `ServiceError`
 * as it says, anything else status 500.
 */
export async function startAwsJsonServer(
  { port, version }: { readonly port: number /** Of the protocol. */; readonly version: "1.0" | "1.1" },
  answer: (request: AwsJsonRequest) => Promise<AwsJsonAnswer>,
): Promise<AwsJsonServer> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = String(await readBody(request));
      const target = String(request.headers["x-amz-target"] ?? "");
      const result = await answer({ operation: target.split(".").at(-1) ?? "", body }).catch(asException);
      send(response, version, result);
    })().catch(() => {
      response.destroy();
    });
  });
  const url = await listenOnLoopback(server, port);
  return { url, close: () => closeNow(server) };
}

function asException(error: unknown): AwsJsonAnswer {
  const known =
    error instanceof ServiceError
      ? error
      : new ServiceError("InternalServerError", error instanceof Error ? error.message : String(error), {
          status: 500,
        });
  // The SDKs read `message`, older services write `Message`.
  const { type, message, members, status } = known;
  return { status, body: JSON.stringify({ __type: type, message, Message: message, ...members }) };
}

function send(response: ServerResponse, version: string, { status, body }: AwsJsonAnswer): void {
  response.writeHead(status, {
    "content-type": `application/x-amz-json-${version}`,
    "x-amzn-requestid": randomUUID(),
  });
  response.end(body);
}
