/** What belongs to the trace. Langfuse keeps no record of a trace, so every span carries it. */
import { fittingEnvironment } from "../environment.ts";
import { assembledRequest, type ObservedCall } from "../observed-call.ts";
import type { Attributes, AttributeValue } from "../otlp.ts";
import { ALL_DRAINS, type AttributeTable, FOREIGN_DRAINS, LANGFUSE_DRAINS } from "./attribute.ts";
import type { CallFacts } from "./call-facts.ts";
import { SLUICE_METADATA, TRACE_METADATA } from "./names.ts";

/** The environment that the call names, else its key, as they wrote it. */
export function namedEnvironment({ record }: ObservedCall): string | undefined {
  return record.trace.environment || record.key.environment || undefined;
}

const tags = ({ record }: CallFacts): AttributeValue | undefined =>
  record.trace.tags && record.trace.tags.length > 0 ? record.trace.tags : undefined;

const environment = ({ call }: CallFacts): string | undefined => {
  const named = namedEnvironment(call);
  return named === undefined ? undefined : fittingEnvironment(named);
};

/** A trace that an app began has a name of its own. */
const traceName = ({ record, name }: CallFacts): string | undefined =>
  record.trace.name ?? (record.trace.parentSpanId === undefined ? name : undefined);

/** See the module. */
export const TRACE: AttributeTable = {
  title: "The trace",
  about:
    "Langfuse has no record of a trace: these are on every span. How a caller gives them is in [headers.md](headers.md).",
  attributes: [
    {
      name: "langfuse.trace.name",
      meaning: "The trace's name; the span's own, unless the call has a parent.",
      source: "caller",
      drains: LANGFUSE_DRAINS,
      value: traceName,
    },
    {
      name: "user.id",
      meaning: "The end user.",
      source: "caller, request's body",
      drains: ALL_DRAINS,
      value: ({ call, record }) => record.trace.userId ?? assembledRequest(call)?.user,
    },
    {
      name: "session.id",
      meaning: "The session.",
      source: "caller",
      drains: ALL_DRAINS,
      value: ({ record }) => record.trace.sessionId,
    },
    {
      name: "langfuse.trace.tags",
      meaning: "Tags.",
      unit: "list",
      source: "caller",
      drains: LANGFUSE_DRAINS,
      value: tags,
    },
    {
      name: "langfuse.environment",
      meaning:
        "The environment, made valid: lower case, `a-z0-9-_`, 40 characters, no leading `langfuse`. What was given stays in `environment_given`.",
      source: "caller, else the key",
      drains: LANGFUSE_DRAINS,
      value: environment,
    },
    {
      name: "langfuse.release",
      meaning: "The app's release.",
      source: "caller",
      drains: LANGFUSE_DRAINS,
      value: ({ record }) => record.trace.release,
    },
    {
      name: "langfuse.version",
      meaning: "The version that the caller names, else Sluice's.",
      source: "caller, deployment",
      drains: LANGFUSE_DRAINS,
      value: ({ record }) => record.trace.version ?? record.gatewayVersion,
    },
    {
      name: "langfuse.internal.is_app_root",
      meaning:
        "True when the call has a parent that may never reach this project: without it the call would hang under nothing.",
      source: "caller",
      drains: ["langfuse"],
      value: ({ record: { trace } }) =>
        trace.parentSpanId === undefined || trace.parentInProject ? undefined : true,
    },
    {
      name: "sluice.trace_name",
      meaning: "As `langfuse.trace.name`.",
      source: "caller",
      drains: FOREIGN_DRAINS,
      value: traceName,
    },
    {
      name: "sluice.tags",
      meaning: "Tags.",
      unit: "list",
      source: "caller",
      drains: FOREIGN_DRAINS,
      value: tags,
    },
    {
      name: "deployment.environment.name",
      meaning: "As `langfuse.environment`.",
      source: "caller, else the key",
      drains: FOREIGN_DRAINS,
      value: environment,
    },
    {
      name: "sluice.release",
      meaning: "The app's release.",
      source: "caller",
      drains: FOREIGN_DRAINS,
      value: ({ record }) => record.trace.release,
    },
  ],
};

/** The caller's own metadata. It may be of any size, so it comes last in a span: what is cut, is cut here. */
export function callerMetadata({ record, drain }: CallFacts): Attributes {
  const prefix = drain === "otlp" ? SLUICE_METADATA : TRACE_METADATA;
  const fields = Object.entries(record.trace.metadata ?? {});
  return Object.fromEntries(fields.map(([key, value]) => [prefix + key, asText(value)]));
}

/** Langfuse stores metadata as text; what is none is shown as JSON. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
