/** Anthropic's messages on Bedrock's `InvokeModel`: the same content in another frame. */
export { invokeError, writeInvokeError } from "./error.ts";
export { invokeBody } from "./request.ts";
export { createInvokeStream, type InvokeStream } from "./stream.ts";
