/** The drain to Langfuse: OTLP over HTTP, `POST {base}/api/public/otel/v1/traces`, direct path (version 4). */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { SpanOptions } from "./attributes/call-facts.ts";
import { basicAuthorization, type DrainCredentials } from "./credentials.ts";
import type { Drain } from "./drain.ts";
import { encodeCall } from "./encode-call.ts";
import { exportInRequests } from "./export-in-requests.ts";
import { judge } from "./export-policy.ts";
import type { Post } from "./http-post.ts";
import type { MediaStore } from "./media/media-store.ts";
import { ENVELOPE_BYTES, exportBody } from "./otlp.ts";
import { createSender } from "./sender.ts";

/** Largest export request before compression, bytes: Langfuse Cloud documents 5 MB, and 4 leaves room. */
export const MAX_EXPORT_BYTES = 4_000_000;

const compress = promisify(gzip);

/** What a drain to Langfuse is made of. */
export interface LangfuseDrainOptions {
  readonly name: string;
  /** The server, without a slash at the end. */
  readonly baseUrl: string;
  readonly credentials: DrainCredentials;
  readonly post: Post;
  /** What of the caller goes along. Default: all of it. */
  readonly keep?: SpanOptions["keep"];
  /** Where images, sounds and files go. Absent: placeholders stand for them. */
  readonly media?: MediaStore | undefined;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** A drain to one Langfuse project. */
export function createLangfuseDrain({
  name,
  baseUrl,
  credentials,
  post,
  keep,
  media,
  nowMs,
}: LangfuseDrainOptions): Drain {
  const url = new URL(`${baseUrl}/api/public/otel/v1/traces`);
  const headers = async (fresh: boolean) => ({
    authorization: basicAuthorization(
      name,
      await (fresh ? credentials.refreshedKeys(name) : credentials.keys(name)),
    ),
    "content-type": "application/json",
    "content-encoding": "gzip",
    "x-langfuse-ingestion-version": "4",
  });
  return {
    name,
    ...(media && { media }),
    encode: (call, keepWhole) =>
      encodeCall(call, MAX_EXPORT_BYTES - ENVELOPE_BYTES, {
        drain: "langfuse",
        keepWhole,
        ...(keep && { keep }),
      }),
    export: (spans) => {
      const send = createSender({ url, post, headers, refusedStatuses: [401] });
      return exportInRequests(
        spans,
        { bytes: MAX_EXPORT_BYTES - ENVELOPE_BYTES },
        (some) => send(compress(exportBody(some)), (result) => judge(result, nowMs())),
        "Langfuse",
      );
    },
  };
}
