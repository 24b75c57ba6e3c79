/**
 * Files at Langfuse: `POST {base}/api/public/media` gives a presigned URL, unless Langfuse has the content; the bytes are put
 * there, and `PATCH {base}/api/public/media/{id}` tells that they were. Each span that refers to a file asks for it once, for
 * that is what links the two.
 */
import { asObject, asText, parseJson } from "@sluice/wire";
import { basicAuthorization, CredentialsError, type DrainCredentials } from "../credentials.ts";
import type { Exchange } from "./http-exchange.ts";
import { mediaId } from "./media-reference.ts";
import type { Media, MediaOutcome, MediaStore, SpanMedia } from "./media-store.ts";
import { judgeMedia, type MediaVerdict } from "./media-verdict.ts";

/** What a store is made of. */
export interface LangfuseMediaStoreOptions {
  /** The drain's name. */
  readonly name: string;
  /** The server, without a slash at the end. */
  readonly baseUrl: string;
  readonly credentials: DrainCredentials;
  readonly exchange: Exchange;
  /** Unix time, ms. */
  readonly nowMs: () => number;
}

/** Requests at the same time. */
const AT_ONCE = 8;
/** Time for the files of one export, ms. What is not there by then comes back. */
const STORE_TIME_MS = 20_000;
/**
 * How long after its call's end a span waits for files whose upload fails, ms. Later each attempt to send the span tries the
 * upload all the same, and when that fails placeholders stand for the files.
 */
export const MEDIA_PATIENCE_MS = 15 * 60_000;
/** The same while Langfuse answers 429, ms: what has piled up in an outage takes its time. */
export const MEDIA_RATE_PATIENCE_MS = 7 * 24 * 60 * 60_000;

/** A request for a file on behalf of one span. */
interface Link {
  readonly span: SpanMedia;
  readonly file: Media;
}

type Failure = Exclude<MediaVerdict, { readonly kind: "done" }>;

/** A store of files in one Langfuse project. */
export function createLangfuseMediaStore(options: LangfuseMediaStoreOptions): MediaStore {
  return {
    async store(spans) {
      const links = spans.flatMap((span) => span.media.map((file): Link => ({ span, file })));
      const byContent = Map.groupBy(links, ({ file }) => `${file.sha256} ${file.mediaType}`);
      const failures = new Map<Media, Failure>();
      const upload = createUpload(options, AbortSignal.timeout(STORE_TIME_MS));
      const firsts = [...byContent.values()].flatMap((same) => same.slice(0, 1));
      const work = async ({ span, file }: Link) => {
        const failure = await upload(span, file);
        if (failure) failures.set(file, failure);
      };
      await inTurn(firsts, work);
      // The bytes are there, or they are not: the other spans only have to be linked.
      const others = [...byContent.values()].flatMap(([first, ...rest]) => {
        const failure = first && failures.get(first.file);
        if (failure) for (const { file } of rest) failures.set(file, failure);
        return failure ? [] : rest;
      });
      await inTurn(others, work);
      return spans.map((span) => outcomeOf(span, failures, options.nowMs()));
    },
  };
}

async function inTurn(links: readonly Link[], work: (link: Link) => Promise<void>): Promise<void> {
  const waiting = links.values();
  const worker = async () => {
    for (const link of waiting) await work(link);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, links.length) }, worker));
}

/** Stops at the first answer that says that the others would be in vain. Keys that are refused are read anew once. */
function createUpload(options: LangfuseMediaStoreOptions, signal: AbortSignal) {
  const { name, credentials } = options;
  let halted: Failure | undefined;
  let refreshed = false;
  const uploadWith = async (fresh: boolean, span: SpanMedia, file: Media) => {
    const keys = await (fresh ? credentials.refreshedKeys(name) : credentials.keys(name));
    return uploadOnce(options, basicAuthorization(name, keys), signal, span, file);
  };
  return async (span: SpanMedia, file: Media): Promise<Failure | undefined> => {
    if (halted) return halted;
    try {
      let verdict = await uploadWith(false, span, file);
      if (verdict.kind === "retry" && verdict.refusal === "keys_refused" && !refreshed) {
        refreshed = true;
        verdict = await uploadWith(true, span, file);
      }
      if (verdict.kind === "retry" && verdict.halts) halted = verdict;
      return verdict.kind === "done" ? undefined : verdict;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      halted =
        error instanceof CredentialsError
          ? { kind: "retry", reason: error.message, refusal: error.refusal, busy: false, halts: true }
          : { kind: "retry", reason: `The media could not be sent: ${why}`, busy: false, halts: true };
      return halted;
    }
  };
}

async function uploadOnce(
  { baseUrl, exchange, nowMs }: LangfuseMediaStoreOptions,
  authorization: string,
  signal: AbortSignal,
  { traceId, spanId }: SpanMedia,
  { mediaType, content, sha256, field }: Media,
): Promise<MediaVerdict> {
  const api = async (method: "POST" | "PATCH", path: string, fields: object) =>
    judgeMedia(
      await exchange(
        {
          method,
          url: new URL(`${baseUrl}/api/public/media${path}`),
          headers: { authorization, "content-type": "application/json" },
          body: Buffer.from(JSON.stringify(fields)),
        },
        signal,
      ),
      nowMs(),
      "Langfuse",
    );
  const asked = await api("POST", "", {
    traceId,
    observationId: spanId,
    contentType: mediaType,
    contentLength: content.byteLength,
    sha256Hash: sha256,
    field,
  });
  if (asked.kind !== "done") return asked;
  const place = readPlace(asked.body, sha256, baseUrl);
  if (place.kind !== "upload") return place;
  const startedAtMs = nowMs();
  const put = await exchange(
    { method: "PUT", url: place.url, headers: storageHeaders(place.url, mediaType, sha256), body: content },
    signal,
  );
  if (put.kind === "unanswered") return { kind: "retry", reason: put.reason, busy: false, halts: false };
  const stored = judgeMedia(put, nowMs(), "The media storage");
  const told = await api("PATCH", `/${mediaId(sha256)}`, {
    uploadedAt: new Date(nowMs()).toISOString(),
    // The only status by which Langfuse knows the content again.
    uploadHttpStatus: stored.kind === "done" ? 200 : put.status,
    ...(stored.kind !== "done" && { uploadHttpError: stored.reason }),
    uploadTimeMs: nowMs() - startedAtMs,
  });
  return stored.kind === "done" ? told : stored;
}

type Place =
  | { readonly kind: "upload"; readonly url: URL }
  | Extract<MediaVerdict, { readonly kind: "done" | "refused" }>;

/** Where the bytes go, if Langfuse has not got them. The span refers to an id of ours, so that it has to be Langfuse's too. */
function readPlace(body: string, sha256: string, baseUrl: string): Place {
  const { mediaId: id, uploadUrl } = asObject(parseJson(body)) ?? {};
  if (asText(id) !== mediaId(sha256)) {
    return {
      kind: "refused",
      reason: "Langfuse gave a media file another id than the SHA-256 of its content.",
    };
  }
  const text = asText(uploadUrl);
  if (text === undefined) return { kind: "done", body };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !mayReceive(url, new URL(baseUrl))) {
    return { kind: "refused", reason: "Langfuse named a place for media that is not https." };
  }
  return { kind: "upload", url };
}

/** Without TLS only to this machine, and only for a Langfuse that is on it: what a remote one names here is none of its own. */
function mayReceive(url: URL, base: URL): boolean {
  if (isLoopback(url) && !isLoopback(base)) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** As Langfuse's own client sends them: Azure asks for its blob type, Google refuses headers that were not signed. */
function storageHeaders(
  { hostname }: URL,
  mediaType: string,
  sha256: string,
): Readonly<Record<string, string>> {
  const isGoogle = hostname === "storage.googleapis.com" || hostname.endsWith(".storage.googleapis.com");
  return {
    "content-type": mediaType,
    ...(!isGoogle && { "x-amz-checksum-sha256": sha256, "x-ms-blob-type": "BlockBlob" }),
  };
}

function outcomeOf(
  { media, endedAtMs }: SpanMedia,
  failures: ReadonlyMap<Media, Failure>,
  nowMs: number,
): MediaOutcome {
  const waitedMs = nowMs - endedAtMs;
  const refused: Media[] = [];
  let reason = "";
  for (const file of media) {
    const failure = failures.get(file);
    if (!failure) continue;
    if (failure.kind === "retry" && waitedMs <= (failure.busy ? MEDIA_RATE_PATIENCE_MS : MEDIA_PATIENCE_MS)) {
      const { halts: _, busy: __, ...retry } = failure;
      return retry;
    }
    refused.push(file);
    reason = failure.reason;
  }
  return refused.length > 0 ? { kind: "refused", media: refused, reason } : { kind: "stored" };
}
