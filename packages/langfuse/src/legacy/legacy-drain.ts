/** The drain to a self-hosted Langfuse v2 or v3: the ingestion batch, `POST {base}/api/public/ingestion`. */
import { basicAuthorization } from "../credentials.ts";
import type { Drain } from "../drain.ts";
import { encodeCall } from "../encode-call.ts";
import { exportInRequests } from "../export-in-requests.ts";
import type { LangfuseDrainOptions } from "../langfuse-drain.ts";
import { createSender } from "../sender.ts";
import { judgeIngestion } from "./ingestion-answer.ts";
import { BATCH_BYTES, eventPrefix, INGESTION_EVENTS, ingestionBody } from "./ingestion-events.ts";

/** Largest request, bytes: Langfuse documents 3.5 MB for the batch, and takes no compression. */
export const MAX_INGESTION_BYTES = 3_500_000;

/** A drain to one project of such a server. */
export function createLegacyDrain({
  name,
  baseUrl,
  credentials,
  post,
  keep,
  nowMs,
}: LangfuseDrainOptions): Drain {
  const url = new URL(`${baseUrl}/api/public/ingestion`);
  const bytes = MAX_INGESTION_BYTES - BATCH_BYTES;
  const headers = async (fresh: boolean) => ({
    authorization: basicAuthorization(
      name,
      await (fresh ? credentials.refreshedKeys(name) : credentials.keys(name)),
    ),
    "content-type": "application/json",
  });
  return {
    name,
    encode: (call, keepWhole) =>
      encodeCall(call, bytes, {
        drain: "langfuse-legacy",
        format: INGESTION_EVENTS,
        keepWhole,
        ...(keep && { keep }),
      }),
    export: (calls) => {
      const send = createSender({ url, post, headers, refusedStatuses: [401] });
      return exportInRequests(
        calls,
        { bytes },
        (some) =>
          send(ingestionBody(some), (result) => judgeIngestion(result, some.map(eventPrefix), nowMs())),
        "Langfuse",
      );
    },
  };
}
