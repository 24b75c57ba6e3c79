export * from "./api.ts";
export * from "./glob.ts";
export * from "./model-route.ts";
export * from "./operation.ts";
export * from "./presets.ts";
