/** Names of attributes that more than one module has to know. */

/** Langfuse's fields of an observation. */
export const INPUT = "langfuse.observation.input";
export const OUTPUT = "langfuse.observation.output";
export const LEVEL = "langfuse.observation.level";
export const STATUS_MESSAGE = "langfuse.observation.status_message";

/** What stands before a key of the observation's metadata, and of the trace's: Langfuse can filter by such keys. */
export const METADATA = "langfuse.observation.metadata.";
export const TRACE_METADATA = "langfuse.trace.metadata.";

/** What stands before the same keys where the backend is not Langfuse. */
export const SLUICE = "sluice.";
export const SLUICE_METADATA = "sluice.metadata.";
