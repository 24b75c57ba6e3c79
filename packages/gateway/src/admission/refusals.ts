/** What a caller is told when its key may not make a call. */
import { formatUsd } from "@sluice/prices";
import { GatewayError, NO_RETRY } from "../errors.ts";
import type { BudgetState } from "./budget-state.ts";
import { budgetHeaders } from "./budget-state.ts";
import type { Unbounded } from "./unbounded.ts";

/** 403: a strict budget cannot bound what the model would cost. */
export function modelUnpriced(model: string, reason: string): GatewayError {
  return new GatewayError(
    403,
    {
      message: `The model "${model}" has no price, which a strict budget needs: ${reason}.`,
      type: "permission_error",
      code: "model_unpriced",
      param: "model",
    },
    { headers: NO_RETRY },
  );
}

/** 403: a strict budget cannot bound what the call would cost, whatever its model. */
export function costUnbounded({ param, reason }: Unbounded): GatewayError {
  return new GatewayError(
    403,
    {
      message: `A strict budget needs to know what a call can cost at most, and this one has no bound: ${reason}. Leave that out, or use a key with a soft budget.`,
      type: "permission_error",
      code: "cost_unbounded",
      ...(param !== undefined && { param }),
    },
    { headers: NO_RETRY },
  );
}

/** 429: the budget does not cover the call. A retry cannot help before the reset. */
export function budgetExceeded(state: BudgetState): GatewayError {
  const { owner } = state.account;
  const whose = owner.kind === "tenant" ? `the tenant "${owner.id}"` : "this key";
  const until =
    state.resetsAtMs === undefined
      ? "It has no reset."
      : `It resets at ${new Date(state.resetsAtMs).toISOString()}.`;
  const needed = state.needed === undefined ? "" : ` The call could cost ${formatUsd(state.needed)} USD.`;
  return new GatewayError(
    429,
    {
      message: `The budget of ${whose} is used up: ${formatUsd(state.remaining)} of ${formatUsd(state.limit)} USD are left.${needed} ${until}`,
      type: "insufficient_quota",
      code: "budget_exceeded",
    },
    { headers: { ...NO_RETRY, ...budgetHeaders(state) } },
  );
}

/** 503: the ledger does not answer, and the budget is one that refuses then. */
export function budgetUnavailable(cause: unknown): GatewayError {
  return new GatewayError(
    503,
    {
      message: "The budget cannot be checked now, and this key is set to refuse calls then. Try again.",
      type: "server_error",
      code: "budget_unavailable",
    },
    { cause },
  );
}

/** A refusal with the state of the budgets on it, unless it tells of one itself. */
export function withBudgetHeaders(thrown: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (!(thrown instanceof GatewayError)) return thrown;
  return new GatewayError(thrown.status, thrown.error, {
    headers: { ...headers, ...thrown.headers },
    cause: thrown.cause,
  });
}

/** 429: the call alone has more tokens than its key may use in a minute. A retry cannot help. */
export function callTooLarge(
  tokens: number,
  tokensPerMinute: number,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  return new GatewayError(
    429,
    {
      message: `The call may take ${tokens} tokens, and this key has ${tokensPerMinute} a minute. Ask for fewer, or set max_tokens.`,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    },
    { headers: { ...NO_RETRY, ...headers } },
  );
}

/** 429: too many requests, tokens or calls at once. */
export function rateLimited(
  what: string,
  retryAfterMs: number,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new GatewayError(
    429,
    {
      message: `This key has reached its limit of ${what}. Try again in ${seconds} s.`,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    },
    { headers: { "retry-after": String(seconds), ...headers } },
  );
}
