export * from "./decode.ts";
export * from "./encode.ts";
export * from "./ids.ts";
export * from "./record.ts";
export * from "./unsent-record.ts";
