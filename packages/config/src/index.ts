export * from "./config.ts";
export * from "./resolve.ts";
