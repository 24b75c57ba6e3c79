export * from "./otlp-drain.ts";
