/** The stores of budgets and rate limits, for those who load them only when a key has some. */
export * from "./account-store.ts";
export * from "./rate-store.ts";
