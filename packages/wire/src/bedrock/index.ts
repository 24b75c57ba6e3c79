export {
  type ContentBlockFold as ConverseBlockFold,
  createContentBlockFold as createConverseBlockFold,
  withParsedInput as withParsedToolInput,
} from "./content-blocks.ts";
export * from "./converse-answer.ts";
export * from "./converse-request.ts";
export * from "./error.ts";
export * from "./invoke-answer.ts";
export * from "./invoke-stream.ts";
export * from "./usage.ts";
