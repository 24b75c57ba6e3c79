export * from "./account.ts";
export * from "./period.ts";
export * from "./policy.ts";
export * from "./rates.ts";
export * from "./settlement.ts";
export * from "./store.ts";
