export * from "./stored-key.ts";
export * from "./tenant.ts";
export * from "./virtual-key.ts";
