/** Puts together what a call says about its trace, from every place where it may say it. */
import { createHash } from "node:crypto";
import type { VirtualKey } from "@sluice/keys";
import {
  CAPTURE_MODES,
  type CaptureMode,
  newSpanId,
  newTraceId,
  parseSpanId,
  parseTraceId,
  type RandomBytes,
  type TraceContext,
  type TraceId,
} from "@sluice/trace";
import type { GatewayRequest } from "../http.ts";
import { asObject, type TraceFields } from "./fields.ts";
import { fromLiteLlmBody, fromMetadata, fromTraceObject, fromUser } from "./from-body.ts";
import { fromBaggage, fromLiteLlmHeaders, fromOwnHeaders, fromPortkeyHeaders } from "./from-headers.ts";

/**
 * The trace context of a call. Headers win over the body, Sluice's names over foreign ones; tags add up
 * and metadata is merged. Nothing here can fail a call: what cannot be read becomes a warning on the trace.
 * `body` is the parsed JSON body, or undefined when there is none.
 */
export function readTraceContext(
  headers: GatewayRequest["headers"],
  body: unknown,
  key: VirtualKey,
  random: RandomBytes,
): TraceContext {
  const warnings: string[] = [];
  const warn = (warning: string) => {
    warnings.push(warning);
  };
  const json = asObject(body) ?? {};
  const sources: readonly TraceFields[] = [
    fromOwnHeaders(headers, warn),
    fromBaggage(headers["baggage"]),
    fromLiteLlmHeaders(headers, warn),
    fromPortkeyHeaders(headers, warn),
    fromTraceObject(json, warn),
    fromMetadata(json, warn),
    fromLiteLlmBody(json, warn),
    fromUser(json),
  ];
  const first = <Name extends keyof TraceFields>(name: Name): TraceFields[Name] =>
    sources.find((source) => source[name] !== undefined)?.[name];

  const { traceId, parentSpanId, parentInProject, givenTraceId } = readIds(sources, warn);
  const tags = [...new Set(sources.flatMap((source) => source.tags ?? []))];
  const metadata: Record<string, unknown> = Object.assign(
    {},
    key.metadata,
    ...sources.map((source) => source.metadata).toReversed(),
  );
  if (givenTraceId !== undefined) metadata["external_trace_id"] = givenTraceId;

  return {
    traceId: traceId ?? newTraceId(random),
    spanId: newSpanId(random),
    ...present({
      parentSpanId,
      parentInProject,
      name: first("name"),
      spanName: first("spanName"),
      userId: first("userId"),
      sessionId: first("sessionId"),
      tags: tags.length > 0 ? tags : undefined,
      metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
      feature: first("feature"),
      tenant: first("tenant") ?? key.tenant,
      prompt: first("prompt"),
      environment: first("environment") ?? key.environment,
      organization: first("organization") ?? key.metadata?.["organization"],
      release: first("release"),
      version: first("version"),
      capture: strictest(sources.flatMap(({ capture }) => capture ?? [])),
      warnings: warnings.length > 0 ? warnings : undefined,
    }),
  };
}

function strictest(modes: readonly CaptureMode[]): CaptureMode | undefined {
  return CAPTURE_MODES.findLast((mode) => modes.includes(mode));
}

interface ReadIds {
  readonly traceId?: TraceId | undefined;
  readonly parentSpanId?: TraceContext["parentSpanId"];
  readonly parentInProject?: true | undefined;
  /** The caller's own name for the trace, when it is not the id itself. */
  readonly givenTraceId?: string | undefined;
}

/** A parent span counts only together with the trace it belongs to, so both come from one source. */
function readIds(sources: readonly TraceFields[], warn: (warning: string) => void): ReadIds {
  const source = sources.find(({ traceId }) => traceId !== undefined);
  if (source?.traceId === undefined) return {};
  const given = source.traceId;
  const exact = parseTraceId(given.replaceAll("-", ""));
  const parentSpanId = source.parentSpanId === undefined ? undefined : parseSpanId(source.parentSpanId);
  if (source.parentSpanId !== undefined && parentSpanId === undefined) {
    warn("The parent span's id is not 16 hex digits; the call has no parent.");
  }
  return {
    traceId: exact ?? traceIdFromSeed(given),
    ...(parentSpanId && { parentSpanId, parentInProject: isInProject(source, sources) }),
    givenTraceId: exact === given ? undefined : given,
  };
}

/**
 * Whether the parent goes where our traces go: what Sluice's own header says, else the source that names the parent, else
 * the baggage, where a Langfuse SDK leaves its mark.
 */
function isInProject(ofParent: TraceFields, [own, baggage]: readonly TraceFields[]): true | undefined {
  const said = own?.parentInProject ?? ofParent.parentInProject ?? baggage?.parentInProject;
  return said === true ? said : undefined;
}

/** As the Langfuse SDKs make one from a seed (`createTraceId`): SHA-256, its first 32 hex digits. */
function traceIdFromSeed(seed: string): TraceId | undefined {
  return parseTraceId(createHash("sha256").update(seed).digest("hex").slice(0, 32));
}

/** The object without its undefined members. */
function present<T extends object>(object: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
