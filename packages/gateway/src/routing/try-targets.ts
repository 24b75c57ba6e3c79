/** Target after target, try after try, until an answer is the caller's. Loaded only for calls that have more than one way. */
import type { ResolvedTarget } from "@sluice/config";
import { type AttemptDependencies, type OpenAnswer, tryTarget, type UpstreamCall } from "../attempts.ts";
import { type GatewayError, toGatewayError, UpstreamError, upstreamFailed } from "../errors.ts";
import { closeAttempt, type Journal } from "../journal.ts";
import { isEventStream } from "../relay.ts";
import { abortReason } from "../upstream.ts";
import { drawFor } from "./draw.ts";
import { retryAfterMs, type Verdict, verdictOf, waitBeforeRetryMs } from "./failed-try.ts";
import { firstByte, type ProviderAnswer, peek, readAhead } from "./provider-answer.ts";
import type { RoutePlan } from "./route-plan.ts";

/** What became of a try: an answer that may be the caller's, or an error. */
type Try =
  | { readonly verdict: Verdict; readonly open: OpenAnswer; readonly askedMs?: number | undefined }
  | { readonly verdict: Exclude<Verdict, "answer">; readonly error: GatewayError };

/** Longest answer that is read whole before any of it leaves, bytes, so that a break in it can be mended by another try. */
const MAX_READ_AHEAD_BYTES = 4 * 1024 * 1024;
/** The same of an answer that is an error: its start says which. */
const MAX_ERROR_BYTES = 256 * 1024;

/**
 * Calls the targets of the plan until one gives an answer that is the caller's, and resolves with it. When all have failed, the last
 * failure is the answer. Throws a `GatewayError`.
 */
export async function tryTargets(
  call: UpstreamCall,
  journal: Journal,
  deps: AttemptDependencies,
): Promise<OpenAnswer> {
  const { plan, signal } = call;
  const queue = [...plan.targets];
  const tried = new Set<string>();
  const alternatives = { context: plan.contextFallbacks, content: plan.contentFallbacks };
  for (;;) {
    const target = queue.shift();
    if (!target) throw new Error("A plan has at least one target.");
    tried.add(nameOf(target));
    for (let retry = 0; ; retry++) {
      const untried = (targets: readonly ResolvedTarget[]) =>
        targets.filter((other) => !tried.has(nameOf(other)));
      const isLast = retry >= plan.retries && queue.length === 0;
      const careful = !isLast || untried([...plan.contextFallbacks, ...plan.contentFallbacks]).length > 0;
      const result = await tryOnce(target, call, careful, journal, deps);
      judge(target, plan, result, deps);
      if (result.verdict === "answer") return result.open;

      if (result.verdict === "context" || result.verdict === "content") {
        const better = untried(alternatives[result.verdict]);
        if (better.length === 0) return settle(result);
        queue.splice(0, queue.length, ...better);
        discard(result, journal, deps);
        break;
      }
      const waitMs =
        result.verdict === "retry" && retry < plan.retries
          ? waitBeforeRetryMs(
              retry,
              "askedMs" in result ? result.askedMs : undefined,
              drawFor(undefined, deps.random),
            )
          : undefined;
      if (signal.aborted || (waitMs === undefined && queue.length === 0)) return settle(result);
      discard(result, journal, deps);
      if (waitMs === undefined) break;
      await deps.wait(waitMs, signal);
      if (signal.aborted) throw upstreamFailed(target.provider, abortReason(signal));
    }
  }
}

/** One try at a target. `careful`: its answer may still be thrown away. */
async function tryOnce(
  target: ResolvedTarget,
  call: UpstreamCall,
  careful: boolean,
  journal: Journal,
  deps: AttemptDependencies,
): Promise<Try> {
  try {
    const secure = (answer: ProviderAnswer, limits: ResolvedTarget["limits"], startedAtMs: number) =>
      secured(answer, call, limits, startedAtMs, deps);
    const open = await tryTarget(target, call, journal, deps, careful ? secure : undefined);
    return careful ? judged(open, deps) : { verdict: "answer", open };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    const failedUpstream = error.cause instanceof UpstreamError && error.cause.code !== "deadline_exceeded";
    return { verdict: failedUpstream ? "retry" : "elsewhere", error };
  }
}

/** An answer's verdict, from its status, its headers and what was read ahead of it. */
function judged(open: OpenAnswer, deps: AttemptDependencies): Try {
  const { statusCode = 502, headers } = open.answer;
  const body = statusCode >= 400 || isEventStream(open.answer) ? peek(open.answer) : "";
  if (statusCode < 400) {
    // A stream whose first event is an error has a status that says nothing.
    const failed = /^(event: ?error\b|data: ?\{\s*"error"\s*:)/.test(body);
    return { verdict: failed ? "retry" : "answer", open };
  }
  return {
    verdict: verdictOf(statusCode, headers, body),
    open,
    askedMs: retryAfterMs(headers, deps.nowMs()),
  };
}

/** The answer with as much of its body read as can be before any of it leaves. */
async function secured(
  answer: ProviderAnswer,
  { inference }: UpstreamCall,
  { firstByteTimeoutMs, idleTimeoutMs }: ResolvedTarget["limits"],
  startedAtMs: number,
  deps: AttemptDependencies,
): Promise<ProviderAnswer> {
  await firstByte(answer, Math.max(1, firstByteTimeoutMs - (deps.nowMs() - startedAtMs)));
  const failed = (answer.statusCode ?? 502) >= 400;
  if (inference.streaming && !failed) return answer;
  return await readAhead(answer, failed ? MAX_ERROR_BYTES : MAX_READ_AHEAD_BYTES, idleTimeoutMs);
}

/** Remembers how a target has done. */
function judge(
  target: ResolvedTarget,
  plan: RoutePlan,
  result: Try,
  { coolDown }: AttemptDependencies,
): void {
  if (result.verdict === "answer") coolDown.succeeded(target);
  else if (result.verdict === "retry" || result.verdict === "elsewhere") {
    const askedMs = "askedMs" in result ? (result.askedMs ?? 0) : 0;
    coolDown.failed(target, plan.coolDownMs > 0 ? Math.max(plan.coolDownMs, askedMs) : 0);
  }
}

/** The last failure is the answer. */
function settle(result: Try): OpenAnswer {
  if ("error" in result) throw result.error;
  return result.open;
}

/** Throws an answer away, for there is another try. */
function discard(result: Try, journal: Journal, deps: AttemptDependencies): void {
  if ("error" in result) return;
  const { statusCode = 502 } = result.open.answer;
  closeAttempt(journal, deps.nowMs(), {
    code: `http_${statusCode}`,
    message: `${result.open.provider.name} answered ${statusCode}; another try followed.`,
  });
  result.open.answer.on("error", () => undefined).destroy();
}

function nameOf({ provider, model }: ResolvedTarget): string {
  return `${provider}/${model}`;
}
