export * from "./backoff.ts";
export * from "./breaker.ts";
export * from "./content-encoding.ts";
export * from "./flush.ts";
export * from "./observe.ts";
export * from "./ports.ts";
export * from "./settle-calls.ts";
export * from "./sweep.ts";
