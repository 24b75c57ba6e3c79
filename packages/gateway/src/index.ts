export * from "./deliver.ts";
export * from "./errors.ts";
export type * from "./finished-call.ts";
export * from "./gateway.ts";
export * from "./http.ts";
export { AnswerBrokenOff } from "./inference.ts";
export * from "./ports.ts";
export { createUpstreamCaller } from "./upstream.ts";
