export * from "./answer.ts";
export * from "./answer-events.ts";
export * from "./conversation.ts";
export * from "./fold-events.ts";
export * from "./format.ts";
export * from "./translation.ts";
