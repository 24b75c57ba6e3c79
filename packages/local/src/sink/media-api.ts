/**
 * Langfuse's media API, as its server 4.16 answers it: `POST /api/public/media` names a place for a content that is not known
 * yet, the bytes are put there, and `PATCH /api/public/media/{id}` tells that they were. Here the place is the sink itself.
 */
import { createHash } from "node:crypto";
import { acceptedType } from "@sluice/langfuse";
import { asCount, asObject, asText, type JsonObject, parseJson } from "@sluice/wire";
import type { MediaStore } from "./media-store.ts";

/** An answer with JSON, or with a file. */
export type MediaAnswer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly content: Uint8Array; readonly contentType: string };

/** A request for a file, its key checked where it needs one. */
export interface MediaRequest {
  readonly method: string;
  readonly path: string;
  /** Undefined: larger than the sink takes. */
  readonly body: Buffer | undefined;
}

const API = "/api/public/media";
/** Where bytes are put. What may be put is known by its hash, so that it needs no signature. */
const UPLOAD = /^\/media-uploads\/([\w-]{22})$/;
const ONE = /^\/api\/public\/media\/([\w-]{22})$/;
/** Where a person looks at a file. */
const SHOWN = /^\/media\/([\w-]{22})$/;

const NOT_FOUND = { status: 404, body: { message: "Media asset not found" } } as const;

/** Whether a path is one of this API's, and whether it asks for the project's keys. */
export function mediaRoute(path: string): "keys" | "open" | undefined {
  if (path === API || ONE.test(path)) return "keys";
  return UPLOAD.test(path) || SHOWN.test(path) ? "open" : undefined;
}

/** Answers a request. `url` is the sink's own, `nowMs` Unix time. */
export function answerMedia(
  { method, path, body }: MediaRequest,
  store: MediaStore,
  url: string,
  nowMs: number,
): MediaAnswer {
  if (!body) return { status: 413, body: { message: "The file is too large for this sink" } };
  if (path === API && method === "POST") return register(readObject(body), store, url);
  const id = (UPLOAD.exec(path) ?? ONE.exec(path) ?? SHOWN.exec(path))?.[1] ?? "";
  const media = store.find(id);
  if (!media) return NOT_FOUND;
  if (UPLOAD.test(path) && method === "PUT") {
    const isIt = createHash("sha256").update(body).digest("base64") === media.sha256;
    if (!isIt || body.byteLength !== media.contentLength) {
      return { status: 400, body: { message: "These are not the bytes that were announced" } };
    }
    store.put(id, body);
    return { status: 200, body: {} };
  }
  if (ONE.test(path) && method === "PATCH") {
    const { uploadedAt, uploadHttpStatus } = readObject(body);
    const at = asText(uploadedAt);
    if (at === undefined || asCount(uploadHttpStatus) === undefined) {
      return { status: 400, body: { message: "uploadedAt and uploadHttpStatus are needed" } };
    }
    if (uploadHttpStatus === 200 && media.content) store.confirm(id, at);
    return { status: 200, body: {} };
  }
  if (method !== "GET") return { status: 405, body: { message: "Method not allowed" } };
  const { content, contentType, contentLength, uploadedAt } = media;
  if (!content || uploadedAt === undefined)
    return { status: 404, body: { message: "Media not yet uploaded" } };
  if (SHOWN.test(path)) return { status: 200, content, contentType };
  const urlExpiry = new Date(nowMs + 3_600_000).toISOString();
  const fields = {
    mediaId: id,
    contentType,
    contentLength,
    uploadedAt,
    url: `${url}/media/${id}`,
    urlExpiry,
  };
  return { status: 200, body: fields };
}

function register(fields: JsonObject, store: MediaStore, url: string): MediaAnswer {
  const { traceId, observationId, contentType, contentLength, sha256Hash, field } = fields;
  const type = asText(contentType);
  const sha256 = asText(sha256Hash);
  const trace = asText(traceId);
  const bytes = asCount(contentLength);
  const bad = (message: string) => ({ status: 400, body: { message } });
  if (trace === undefined) return bad("traceId is needed");
  if (type === undefined || acceptedType(type) !== type) return bad("Invalid content type");
  if (!bytes) return bad("contentLength must be a whole number above 0");
  if (sha256 === undefined || !/^[A-Za-z0-9+/=]{44}$/.test(sha256)) {
    return bad("sha256Hash: Must be a 44 character base64 encoded SHA-256 hash");
  }
  if (field !== "input" && field !== "output" && field !== "metadata") return bad("Invalid field");
  const id = sha256.replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
  const known = store.find(id);
  store.register(
    { id, contentType: type, contentLength: bytes, sha256 },
    { traceId: trace, spanId: asText(observationId) ?? "", field },
  );
  const isThere = known?.uploadedAt !== undefined && known.contentType === type;
  return { status: 201, body: { mediaId: id, uploadUrl: isThere ? null : `${url}/media-uploads/${id}` } };
}

function readObject(body: Buffer): JsonObject {
  return asObject(parseJson(body.toString("utf8"))) ?? {};
}
