/** An assembled message of Anthropic's in the words of the corpus's expectations, blocks and billing rows included. */
import { type AssembledAnswer, type JsonObject, parseJson, type TokenUsage } from "@sluice/wire";
import type { Expected } from "../../support/corpus.ts";
import { asExpected } from "./assembled-as-expected.ts";

/** What the corpus says of messages beside what it says of every answer. */
interface ExpectedMessage extends Expected {
  readonly blocks?: readonly string[];
  readonly serverTools?: readonly string[];
  readonly signatures?: readonly number[];
}

/** The answer as the corpus would describe it. */
export function messageAsExpected(answer: AssembledAnswer): object {
  const { usage: _, ...described } = asExpected(answer);
  const [choice] = answer.choices;
  const raw = answer.rawUsage ?? {};
  return {
    ...described,
    ...(described.choices && { choices: described.choices.map(withParsedArguments) }),
    ...(choice && {
      blocks: choice.blocks?.map(({ type }) => type),
      serverTools: choice.parts
        .map((part) => part as JsonObject)
        .filter(({ type }) => type === "server_tool_use" || type === "mcp_tool_use")
        .map(({ name }) => name),
      // Redacted thinking has data instead, whose length the corpus writes below zero.
      signatures: choice.reasoningDetails.flatMap(({ signature, data }) =>
        typeof signature === "string" ? [signature.length] : typeof data === "string" ? [-data.length] : [],
      ),
    }),
    ...(answer.usage && {
      usage: {
        ...countsOf(answer.usage, raw),
        inputTotal: answer.usage.inputTokens,
        reasoning: answer.usage.reasoningTokens ?? null,
        ...(answer.billedCalls && {
          billing: answer.billedCalls.map(({ kind, model, usage, rawUsage }) => ({
            type: kind,
            model: model ?? null,
            ...countsOf(usage, rawUsage),
          })),
        }),
        ...(answer.serviceTier !== undefined && { serviceTier: answer.serviceTier }),
        ...(typeof raw["inference_geo"] === "string" && { inferenceGeo: raw["inference_geo"] }),
        ...nonZero("webSearch", count(raw, "server_tool_use", "web_search_requests")),
        ...nonZero("webFetch", count(raw, "server_tool_use", "web_fetch_requests")),
      },
    }),
  };
}

/** A token count in the corpus's words: none, for its expectations speak of answers alone. */
export function countAsExpected({ choices, usage }: AssembledAnswer): object {
  return { ...(choices.length > 0 && { choices }), ...(usage && { usage }) };
}

/** The expectation, as far as it can be said of a message: Anthropic gives no total, and arguments are compared parsed. */
export function comparableMessage({ usage, choices, ...expected }: ExpectedMessage): object {
  const { total: _, ...counts } = usage ?? { total: null };
  const { status: _status, ...rest } = expected as Expected & { readonly status?: number };
  return {
    ...rest,
    ...(choices && { choices: choices.map(withParsedArguments) }),
    ...(usage && { usage: counts }),
  };
}

function countsOf(usage: TokenUsage, raw: JsonObject) {
  const { inputTokens, cacheReadTokens: cacheRead = 0, cacheWriteTokens: cacheWrite = 0 } = usage;
  return {
    input: inputTokens - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    cacheWrite1h: count(raw, "cache_creation", "ephemeral_1h_input_tokens"),
    output: usage.outputTokens,
  };
}

function count(raw: JsonObject, details: string, name: string): number {
  const value = (raw[details] as JsonObject | null | undefined)?.[name];
  return typeof value === "number" ? value : 0;
}

function nonZero(name: string, value: number): object {
  return value > 0 ? { [name]: value } : {};
}

/** The corpus writes arguments again, and those that broke off as `{"__partial": text}`. */
function withParsedArguments<T extends { readonly toolCalls: readonly { readonly args: string }[] }>(
  choice: T,
) {
  return {
    ...choice,
    toolCalls: choice.toolCalls.map((call) => {
      const parsed = parseJson(call.args) as { readonly __partial?: string } | undefined;
      return { ...call, args: parsed === undefined ? call.args : (parsed.__partial ?? parsed) };
    }),
  };
}
