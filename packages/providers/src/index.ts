export * from "./glob.ts";
export * from "./model-route.ts";
export * from "./presets.ts";
