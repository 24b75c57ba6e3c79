/** A trace that the doctor writes as the flusher would, and looks for: the only proof that a drain works to its end. */
import type { ResolvedDrain } from "@sluice/config";
import { encodeSpan, exportBody } from "@sluice/langfuse";
import { newSpanId, newTraceId, type RandomBytes, type TraceId } from "@sluice/trace";
import { asList, asObject, asText, parseJson } from "@sluice/wire";
import { messageIn, type Probe, type ProbeResult } from "../http-probe.ts";
import type { LangfuseApi, LangfuseServer } from "../langfuse/langfuse-api.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

/** Name of the trace and of its one span. */
export const CANARY_NAME = "sluice-doctor";

/** What writing one needs of the world. */
export interface CanaryWorld {
  readonly probe: Probe;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  readonly random: RandomBytes;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Whether to write one at all. */
  readonly writes: boolean;
  /** How often it is looked for before it counts as late. */
  readonly looks: number;
}

/** Where it is written. */
export interface CanaryPlace {
  readonly drain: ResolvedDrain;
  /** The header's value. */
  readonly authorization: string;
  readonly api: LangfuseApi;
  readonly server: LangfuseServer;
}

const LOOK_INTERVAL_MS = 1_000;

/** Writes one and looks for it. */
export async function writeCanary(place: CanaryPlace, world: CanaryWorld): Promise<Finding> {
  const title = `drain ${place.drain.name} trace`;
  if (!world.writes) return skip(title, "No trace was written, as --no-canary wants it.");
  const traceId = newTraceId(world.random);
  const isLegacy = place.drain.type === "langfuse-legacy";
  const answer = isLegacy ? await sendBatch(place, traceId, world) : await sendSpan(place, traceId, world);
  const refusal = refusalOf(title, answer, isLegacy);
  if (refusal) return refusal;
  for (let look = 0; look < world.looks; look++) {
    if (look > 0) await world.wait(LOOK_INTERVAL_MS);
    const found = await place.api.trace(traceId);
    if (found.kind === "trace" && found.trace) {
      return ok(title, `The trace ${CANARY_NAME} was written and read back: ${traceId}.`);
    }
    if (found.kind === "refused" && (found.status === 401 || found.status === 403)) break;
  }
  const late = `The trace ${CANARY_NAME} was accepted, and cannot be read back yet: ${traceId}.`;
  return warn(
    title,
    late,
    "look for it in Langfuse in some minutes; if it does not come, look at its worker",
  );
}

async function sendSpan(
  { drain, authorization }: CanaryPlace,
  traceId: TraceId,
  { probe, nowMs, random }: CanaryWorld,
): Promise<ProbeResult> {
  const atMs = nowMs();
  const span = encodeSpan({
    traceId,
    spanId: newSpanId(random),
    name: CANARY_NAME,
    startedAtMs: atMs,
    endedAtMs: atMs,
    attributes: {
      "langfuse.observation.type": "span",
      "langfuse.trace.name": CANARY_NAME,
      "langfuse.trace.tags": [CANARY_NAME],
      "langfuse.internal.is_app_root": true,
    },
  });
  return await probe(`${drain.baseUrl}/api/public/otel/v1/traces`, {
    method: "POST",
    headers: {
      authorization,
      "content-type": "application/json",
      "x-langfuse-ingestion-version": "4",
    },
    body: exportBody([span]),
  });
}

async function sendBatch(
  { drain, authorization }: CanaryPlace,
  traceId: TraceId,
  { probe, nowMs, random }: CanaryWorld,
): Promise<ProbeResult> {
  const at = new Date(nowMs()).toISOString();
  const spanId = newSpanId(random);
  const event = (type: string, body: object) => ({ id: `${traceId}-${type}`, type, timestamp: at, body });
  const batch = [
    event("trace-create", { id: traceId, name: CANARY_NAME, timestamp: at, tags: [CANARY_NAME] }),
    event("span-create", { id: spanId, traceId, name: CANARY_NAME, startTime: at, endTime: at }),
  ];
  return await probe(`${drain.baseUrl}/api/public/ingestion`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ batch }),
  });
}

/** The batch is answered with 207, whose body says what became of each event. */
function refusalOf(title: string, answer: ProbeResult, isLegacy: boolean): Finding | undefined {
  if (answer.kind === "unanswered") return fail(title, `${answer.reason}.`, answer.remedy);
  const { status, body } = answer;
  const said = messageIn(body);
  const because = `HTTP ${status}${said === undefined ? "" : `: ${said}`}`;
  if (isLegacy && status < 300) {
    const [error] = asList(asObject(parseJson(body))?.["errors"]);
    if (error === undefined) return undefined;
    const fields = asObject(error);
    const why = asText(fields?.["message"]) ?? asText(fields?.["error"]) ?? "no reason given";
    return fail(
      title,
      `The server refuses traces by the ingestion batch: ${why}.`,
      'set the drain\'s type to "langfuse", as servers from version 4 on want it',
    );
  }
  if (status === 200) return undefined;
  if (status === 401 || status === 403) {
    return fail(
      title,
      `Langfuse takes no trace with these keys (${because}).`,
      "look at the project's keys, and at the organisation's usage limit",
    );
  }
  if (status === 404) {
    return fail(
      title,
      `The server has no such endpoint (${because}).`,
      'use type "langfuse-legacy" for a server before 3.22, and let a proxy before it pass /api/public on',
    );
  }
  if (status === 429 || status >= 500) {
    return warn(title, `Langfuse takes no trace now (${because}).`, "run the doctor again in some minutes");
  }
  return fail(title, `Langfuse refuses a trace (${because}).`, "look at the server's log");
}
