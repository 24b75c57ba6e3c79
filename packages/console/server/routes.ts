/** What the console answers beside its page and its events. */

import type { IncomingMessage } from "node:http";
import { readBody } from "@sluice/local/request-body";
import type { TraceView } from "@sluice/local/sink/span-view";
import { asObject, asText, parseJson } from "@sluice/wire";
import type { Redrive } from "./redrive.ts";

/** JSON, and its status. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the answers are made from. */
export interface Sources {
  trace(id: string): TraceView | undefined;
  readonly redrive: Redrive;
}

const MAX_BODY_BYTES = 10_000;
const TRACE = /^\/api\/traces\/([^/]+)$/;

/**
 * `GET /api/traces/<id>`, `POST /api/redrive` with an object that may name a `reason`, and `POST /api/redrive/stop`.
 */
export async function answer(request: IncomingMessage, path: string, sources: Sources): Promise<Answer> {
  const { method } = request;
  const [, traceId] = TRACE.exec(path) ?? [];
  if (traceId !== undefined && method === "GET") {
    const trace = sources.trace(traceId);
    return trace ? { status: 200, body: trace } : problem(404, "The sink has no such trace.");
  }
  if (path === "/api/redrive" && method === "POST") {
    const body = await readBody(request, MAX_BODY_BYTES);
    const fields = asObject(parseJson(body?.toString() ?? ""));
    const reason = asText(fields?.["reason"]);
    if (!fields || (fields["reason"] !== undefined && reason === undefined)) {
      return problem(400, 'The body must be an object; "reason" a text, or absent.');
    }
    if (!sources.redrive.start(reason)) return problem(409, "Parked records are being sent again already.");
    return { status: 202, body: sources.redrive.view() };
  }
  if (path === "/api/redrive/stop" && method === "POST") {
    await sources.redrive.stop();
    return { status: 200, body: sources.redrive.view() };
  }
  return problem(404, "There is nothing here.");
}

function problem(status: number, message: string): Answer {
  return { status, body: { message } };
}
