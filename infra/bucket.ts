import { bucketLimits } from "./limits.ts";
import { isProduction } from "./stage.ts";

/**
 * Bodies too large for a queue message (`claims/`), records that the queue did not take (`spill/`), and calls whose traces had
 * to be cut (`wholes/`). Private: SST blocks public
 * access and refuses requests without TLS. No CORS rules, because no browser comes here.
 */
export const bucket = new sst.aws.Bucket("Records", {
  cors: false,
  // SST's default empties the bucket when the stage is removed. In production the bucket is kept, and never emptied by a deploy.
  transform: { bucket: { forceDestroy: !isProduction } },
});

/** Declared though it is S3's default, so that a deploy undoes any change of it. */
export const bucketEncryption = new aws.s3.BucketServerSideEncryptionConfiguration("RecordsEncryption", {
  bucket: bucket.name,
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
});

/**
 * Not by the component's `lifecycle`, which cannot abort incomplete uploads: a bucket has one lifecycle configuration, and here
 * it is.
 */
export const bucketLifecycle = new aws.s3.BucketLifecycleConfiguration("RecordsLifecycle", {
  bucket: bucket.name,
  rules: [
    {
      id: "claims",
      status: "Enabled",
      filter: { prefix: "claims/" },
      expiration: { days: bucketLimits.expirationDays },
    },
    {
      id: "spill",
      status: "Enabled",
      filter: { prefix: "spill/" },
      expiration: { days: bucketLimits.expirationDays },
    },
    {
      id: "wholes",
      status: "Enabled",
      filter: { prefix: "wholes/" },
      expiration: { days: bucketLimits.wholeDays },
    },
    {
      id: "incomplete-uploads",
      status: "Enabled",
      // An empty prefix is every object.
      filter: { prefix: "" },
      abortIncompleteMultipartUpload: { daysAfterInitiation: bucketLimits.incompleteUploadDays },
    },
  ],
});
