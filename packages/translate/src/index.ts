export * from "./answer.ts";
export * from "./conversation.ts";
export * from "./format.ts";
export * from "./translation.ts";
