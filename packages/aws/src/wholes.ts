/** Calls whose traces had to be cut, as objects of the bucket. Loads no S3 client of its own. */
import type { Wholes } from "@sluice/flusher";
import type { Bucket } from "./bucket.ts";

/** Time for storing one, ms. Its message comes back when that is not enough. */
const KEEP_TIME_MS = 20_000;

/** The store in the bucket of that name. `keep` throws what the SDK throws. */
export function createWholes(bucket: Pick<Bucket, "put">, name: string): Wholes {
  return {
    uri: (key) => `s3://${name}/${key}`,
    keep: (key, body) => bucket.put(key, body, AbortSignal.timeout(KEEP_TIME_MS), "application/json"),
  };
}
