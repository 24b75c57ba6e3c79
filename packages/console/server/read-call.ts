/** From a span to a line of the list. */
import type { OtlpSpan } from "@sluice/local/sink/otlp";
import { viewSpan } from "@sluice/local/sink/span-view";
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { CallRow } from "../api/call-row.ts";

const PREVIEW_LENGTH = 160;

/** The call, or undefined when the span is not one of Sluice's calls: a failed attempt, or somebody else's span. */
export function readCall(span: OtlpSpan): CallRow | undefined {
  const view = viewSpan(span);
  const { metadata } = view;
  if (metadata["request_id"] === undefined || metadata["attempt"] !== undefined) return undefined;
  const usage = asObject(view.usage);
  const firstTokenAt = asText(view.completionStartTime);
  return {
    id: view.id,
    traceId: view.traceId,
    startedAtMs: span.startMs,
    durationMs: Math.max(0, span.endMs - span.startMs),
    ...(firstTokenAt !== undefined && {
      firstTokenMs: Math.max(0, Date.parse(firstTokenAt) - span.startMs),
    }),
    name: view.name,
    level: view.level,
    attempts: numberIn(metadata, "attempt_count") ?? 1,
    inputTokens: sumOf(usage, "input"),
    outputTokens: sumOf(usage, "output"),
    ...present({
      status: numberIn(metadata, "http_status"),
      message: view.statusMessage,
      key: asText(metadata["key_alias"]),
      tenant: asText(metadata["tenant"]),
      model: asText(view.model) ?? asText(metadata["requested_model"]),
      provider: asText(metadata["provider"]),
      endpoint: asText(metadata["endpoint"]),
      costUsd: numberIn(metadata, "cost_usd") ?? numberIn(asObject(view.cost), "total"),
      preview: previewOf(view.input),
    }),
  };
}

/** Langfuse's kinds of tokens do not overlap: those that begin with a word, as in `input_cached_tokens`, are its parts. */
function sumOf(usage: JsonObject | undefined, kind: "input" | "output"): number {
  return Object.entries(usage ?? {})
    .filter(([name]) => name === kind || name.startsWith(`${kind}_`))
    .reduce((sum, [, count]) => sum + (typeof count === "number" ? count : 0), 0);
}

function numberIn(fields: JsonObject | undefined, name: string): number | undefined {
  const value = fields?.[name];
  return typeof value === "number" ? value : undefined;
}

/** The last message of the conversation that has text, else a text input. */
function previewOf(input: unknown): string | undefined {
  const messages = asList(asObject(input)?.["messages"]);
  const text = messages.length > 0 ? messages.map(textOf).findLast((text) => text !== "") : textOf(input);
  return text ? text.slice(0, PREVIEW_LENGTH) : undefined;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(" ").trim();
  const { text, content } = asObject(value) ?? {};
  return textOf(text ?? content ?? "");
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
