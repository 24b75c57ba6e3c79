export * from "./call-span.ts";
export * from "./drain.ts";
export * from "./environment.ts";
export * from "./export-policy.ts";
export * from "./http-post.ts";
export * from "./langfuse-drain.ts";
export * from "./observed-call.ts";
export * from "./otlp.ts";
