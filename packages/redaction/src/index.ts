export { createTextRedactor, type RedactText } from "./redact-text.ts";
export { redactTree } from "./redact-tree.ts";
export type { DetectorName, RedactionConfig } from "./redaction-config.ts";
export { createRedactor, type Redactor } from "./redactor.ts";
