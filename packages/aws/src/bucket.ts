/** The deployment's bucket. In a module of its own: the gateway loads the S3 client only when a record needs it. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";

/** Objects of one bucket. */
export interface Bucket {
  /** Stores an object, unless the signal ends that. `contentType`: default `application/octet-stream`. Throws what the SDK throws. */
  put(key: string, bytes: Uint8Array, signal?: AbortSignal, contentType?: string): Promise<void>;
  /** The object's bytes, or undefined when there is none. Throws what the SDK throws. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Up to `count` (at most 1,000) keys that begin so, in their order, those after `after` only. Throws what the SDK throws. */
  list(
    prefix: string,
    count: number,
    options?: { readonly after?: string | undefined; readonly signal?: AbortSignal },
  ): Promise<readonly string[]>;
  /** Deletes an object; one that is not there is no error. Throws what the SDK throws. */
  remove(key: string, signal?: AbortSignal): Promise<void>;
}

/** The bucket of that name. */
export function createBucket(name: string, config: S3ClientConfig = {}): Bucket {
  const client = new S3Client(config);
  return {
    async put(key, bytes, signal, contentType = "application/octet-stream") {
      const input = { Bucket: name, Key: key, Body: bytes, ContentType: contentType };
      await client.send(new PutObjectCommand(input), endedBy(signal));
    },
    async get(key, signal) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }), endedBy(signal));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async list(prefix, count, { after, signal } = {}) {
      const { Contents = [] } = await client.send(
        new ListObjectsV2Command({ Bucket: name, Prefix: prefix, MaxKeys: count, StartAfter: after }),
        endedBy(signal),
      );
      return Contents.flatMap(({ Key }) => Key ?? []);
    },
    async remove(key, signal) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), endedBy(signal));
    },
  };
}

function endedBy(abortSignal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return abortSignal ? { abortSignal } : {};
}
