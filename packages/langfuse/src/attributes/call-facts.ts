/** What the tables of attributes read: a call, and what follows from it once for all of them. */
import type { Attempt, ExchangeRecord } from "@sluice/trace";
import type { AssembledAnswer, AssembledRequest } from "@sluice/wire";
import { type Conversation, conversationOf } from "../input-conversation.ts";
import { assembledAnswer, assembledRequest, type ObservedCall } from "../observed-call.ts";
import { type UsageAndCost, usageAndCost } from "../usage-and-cost.ts";
import { type Verdict, verdictOn } from "../verdict.ts";
import type { DrainType } from "./attribute.ts";
import { operationOf, spanName } from "./operation.ts";
import { type Settings, settingsOf } from "./settings.ts";

/** For whom a span is made. */
export interface SpanOptions {
  /** Default: `langfuse`. */
  readonly drain?: DrainType;
  /** What goes along besides. Default: the caller's address and user agent, no headers, no log probabilities. */
  readonly keep?: {
    readonly clientIp?: boolean;
    readonly userAgent?: boolean;
    /** Names in lower case. */
    readonly requestHeaders?: readonly string[];
    readonly logprobs?: boolean;
  };
}

/** See the module. */
export interface CallFacts {
  readonly call: ObservedCall;
  readonly record: ExchangeRecord;
  readonly request: AssembledRequest | undefined;
  readonly answer: AssembledAnswer | undefined;
  /** The last attempt: the one that the answer is from, where there is one. */
  readonly attempt: Attempt | undefined;
  /** The provider's headers; empty when no answer came. */
  readonly headers: Readonly<Record<string, string>>;
  /** The span's name. */
  readonly name: string;
  readonly operation: ReturnType<typeof operationOf>;
  readonly verdict: Verdict;
  readonly usageAndCost: UsageAndCost;
  readonly settings: Settings;
  /** Undefined when the input is no conversation. */
  readonly conversation: Conversation | undefined;
  readonly drain: DrainType;
  readonly keep: Required<NonNullable<SpanOptions["keep"]>>;
}

/** The facts of a call for a kind of drain. */
export function factsOf(call: ObservedCall, { drain = "langfuse", keep }: SpanOptions = {}): CallFacts {
  const { record } = call;
  const request = assembledRequest(call);
  const verdict = verdictOn(call);
  return {
    call,
    record,
    request,
    answer: assembledAnswer(call),
    attempt: record.attempts.at(-1),
    headers: record.answer?.headers ?? {},
    name: spanName(call),
    operation: operationOf(call),
    verdict,
    usageAndCost: usageAndCost(call, verdict),
    settings: settingsOf(request?.parameters ?? {}),
    conversation: conversationOf(request?.input),
    drain,
    keep: {
      clientIp: keep?.clientIp ?? true,
      userAgent: keep?.userAgent ?? true,
      requestHeaders: keep?.requestHeaders ?? [],
      logprobs: keep?.logprobs ?? false,
    },
  };
}
