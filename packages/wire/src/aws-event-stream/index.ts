export * from "./body.ts";
export * from "./decoder.ts";
export * from "./event.ts";
