/** What a call cost: its usage, or an estimate of it, at the price of its model. */
import type { Billing, ObservedCall } from "@sluice/langfuse";
import {
  type BilledCallUsage,
  billedCallUsages,
  billingTerms,
  type Catalogue,
  type Cost,
  costOf,
  hasFreeTokens,
  isFlat,
  NO_USAGE,
  type PriceEntry,
  sumCosts,
  sumUsages,
  type Unpriced,
} from "@sluice/prices";
import { estimateTokens } from "@sluice/prices/estimate-tokens";
import type { Endpoint } from "@sluice/trace";
import type { AssembledAnswer } from "@sluice/wire";

/**
 * The bill of a call. Absent when the call cost nothing, because no provider answered it, the answer was an error, or the
 * operation is free. When a conversation's answer came without usage (a stream that broke off, a provider that sends none) its
 * tokens are counted from its text, and the bill says so. Where there is nothing to count, the cost is unknown, never zero.
 */
export function bill(call: ObservedCall, catalogue: Catalogue): Billing | undefined {
  const { attempts, answer, times } = call.record;
  const attempt = attempts.at(-1);
  if (!attempt || !answer || answer.status >= 400) return undefined;
  const assembled = call.answer?.kind === "read" ? call.answer.value : undefined;
  if (assembled?.error && !assembled.usage && assembled.choices.length === 0) return undefined;

  // Counting tokens is free (Anthropic documentation, "Token counting").
  if (call.record.endpoint === "messages.count_tokens") return undefined;

  const reported = assembled ? billedCallUsages(assembled) : [];
  const price = (asked: string, answered?: string) =>
    priceOf(attempt.provider, { asked, answered }, times.startedAtMs, catalogue);
  const untold = costWithoutTokens(call, reported.length > 0, () => price(attempt.model, assembled?.model));
  if (untold) {
    const usage = reported.length > 0 ? sumUsages(reported.map((each) => each.usage)) : ONE_REQUEST;
    return { usage, usageEstimated: false, cost: untold };
  }
  const calls = reported.length > 0 ? reported : [{ usage: estimatedUsage(call, assembled) }];
  const whole = assembled?.usageOfStart ? calls.map((each) => withOutputSaid(each, call, assembled)) : calls;
  const terms = billingTerms(assembled ?? {});
  const costs = whole.map(({ model, usage }) => {
    const found = model === undefined ? price(attempt.model, assembled?.model) : price(model);
    return costOf(usage, found, terms);
  });
  return {
    usage: sumUsages(whole.map(({ usage }) => usage)),
    usageEstimated: reported.length === 0 || assembled?.usageOfStart === true,
    cost: costs.reduce((sum, cost) => sumCosts(sum, cost)),
  };
}

/** A call of which nothing is known but that it was answered. */
const ONE_REQUEST = { ...NO_USAGE, requests: 1 };

/** Operations whose answers need not tell tokens, and whose tokens no text gives: pictures, sounds, judgements, rankings. */
const UNMETERED: ReadonlySet<Endpoint> = new Set([
  "images.generations",
  "audio.transcriptions",
  "audio.speech",
  "moderations",
  "rerank",
]);

/** What a call cost whose tokens are not known, or do not matter. Undefined when its tokens are to be billed. */
function costWithoutTokens(
  { record, request }: ObservedCall,
  tellsTokens: boolean,
  price: () => PriceEntry | Unpriced,
): Cost | undefined {
  const { endpoint } = record;
  if (endpoint === "proxy") return unpriced("what a passage to a provider costs is not known");
  if (UNMETERED.has(endpoint)) {
    const found = price();
    const isKnown = found.status === "known" && (tellsTokens ? isFlat(found) : hasFreeTokens(found));
    if (isKnown) return costOf(ONE_REQUEST, found);
    if (tellsTokens) return undefined;
    return found.status === "unpriced"
      ? found
      : unpriced(
          `the answer does not tell what was used of ${found.model}: set perRequest in prices in sluice.config.ts`,
        );
  }
  const parameters = request.kind === "read" ? request.value.parameters : {};
  if (!tellsTokens && endpoint === "responses" && parameters["background"] === true) {
    return unpriced(
      "the provider works on it in the background, and the answer that tells the cost is fetched by another call",
    );
  }
  return undefined;
}

function unpriced(reason: string): Unpriced {
  return { status: "unpriced", reason };
}

/** Anthropic tells the input at the start of a stream; of one that broke off, the output is counted from its text. */
function withOutputSaid(told: BilledCallUsage, call: ObservedCall, answer: AssembledAnswer): BilledCallUsage {
  return { ...told, usage: { ...told.usage, output: Math.max(told.usage.output, outputSaid(call, answer)) } };
}

/**
 * The price of the model that answered, since a name without a date stands for another one each year. The name that was
 * asked for counts where the config has a price for it, or where the answer's name has none.
 */
function priceOf(
  provider: string,
  { asked, answered }: { readonly asked: string; readonly answered?: string | undefined },
  atMs: number,
  catalogue: Catalogue,
): PriceEntry | Unpriced {
  const ofAsked = catalogue.find(provider, asked, atMs);
  if (answered === undefined || (ofAsked.status === "known" && ofAsked.source.includes("config"))) {
    return ofAsked;
  }
  const ofAnswered = catalogue.find(provider, answered, atMs);
  return ofAnswered.status === "known" ? ofAnswered : ofAsked;
}

function estimatedUsage(call: ObservedCall, answer: AssembledAnswer | undefined): Billing["usage"] {
  const { request } = call;
  const asked = request.kind === "read" ? textOf(request.value.input) : (request.raw?.text ?? "");
  return {
    ...NO_USAGE,
    input: estimateTokens(asked),
    output: outputSaid(call, answer),
    requests: 1,
  };
}

function outputSaid(call: ObservedCall, answer: AssembledAnswer | undefined): number {
  return said(call, answer).reduce((sum, text) => sum + estimateTokens(text), 0);
}

/** The texts of an answer. Vectors are none, and an embedding has no output that is billed. */
function said(call: ObservedCall, answer: AssembledAnswer | undefined): readonly string[] {
  if (call.record.endpoint === "embeddings") return [];
  if (!answer) return [call.answer?.kind === "unread" ? (call.answer.raw?.text ?? "") : ""];
  return answer.choices.map((choice) =>
    [
      choice.text,
      choice.refusal ?? "",
      choice.reasoning,
      ...choice.toolCalls.map((tool) => tool.name + tool.arguments),
    ].join(" "),
  );
}

/** Media inside of a request, which no text estimate fits: a picture's base64 is not read as text. */
const INLINE_MEDIA = /^data:[^,]{0,200},|^[A-Za-z0-9+/=_-]{2000,}$/;
/** What stands for one in the estimate: about a thousand tokens, as a picture of ordinary size has. */
const MEDIA_TEXT = " medium".repeat(1000);

function textOf(input: unknown): string {
  const shown = (value: unknown) =>
    typeof value === "string" && INLINE_MEDIA.test(value) ? MEDIA_TEXT : value;
  return typeof input === "string" ? input : (JSON.stringify(input, (_key, value) => shown(value)) ?? "");
}
