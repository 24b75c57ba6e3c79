export * from "./config.ts";
export * from "./drain-config.ts";
export * from "./fits-condition.ts";
export * from "./model-config.ts";
export * from "./resolve.ts";
export * from "./resolve-drain.ts";
export * from "./resolve-route.ts";
