/**
 * What a gateway that passes bytes on needs of the formats, and no more: it is loaded at each cold start. Bundlers share a barrel
 * between what is loaded at the start and what is loaded later, so the readers are left out here.
 */
export * from "./anthropic/error-body.ts";
export * from "./anthropic/message-stream.ts";
export * from "./byte-gate.ts";
export * from "./json-members.ts";
export * from "./openai/chat-stream.ts";
export * from "./openai/completions-stream.ts";
export * from "./openai/error-body.ts";
export * from "./openai/responses/error-event.ts";
export * from "./openai/responses/stream-format.ts";
export * from "./sse-gate.ts";
