import { bucket } from "./bucket.ts";
import { logLevel } from "./observability.ts";
import { deadLetterQueue, traceQueue } from "./queue.ts";
import { table } from "./table.ts";

/** The environment variables that the gateway and the flusher share. */
export const environment = {
  SLUICE_STAGE: $app.stage,
  SLUICE_TABLE: table.name,
  SLUICE_QUEUE_URL: traceQueue.url,
  SLUICE_DLQ_URL: deadLetterQueue.url,
  SLUICE_BUCKET: bucket.name,
  SLUICE_LOG_LEVEL: logLevel,
};
