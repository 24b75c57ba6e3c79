/** Where the sink keeps files: one for each content, and which spans refer to it. */
import { DatabaseSync } from "node:sqlite";

/** A file that spans may refer to. */
export interface StoredMedia {
  readonly id: string;
  readonly contentType: string;
  readonly contentLength: number;
  /** Of the content, in base64. */
  readonly sha256: string;
  /** ISO 8601; undefined until the client has told that the upload succeeded. */
  readonly uploadedAt?: string;
  /** Undefined until it was put. */
  readonly content?: Uint8Array;
}

/** Which span has a file, and where. */
export interface MediaLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly field: string;
}

/** Files, kept. */
export interface MediaStore {
  /** Makes a file known, in the place of one with the same content, and links a span to it. */
  register(media: Omit<StoredMedia, "content" | "uploadedAt">, link: MediaLink): void;
  /** The file, or undefined when it is unknown. */
  find(id: string): StoredMedia | undefined;
  put(id: string, content: Uint8Array): void;
  confirm(id: string, uploadedAt: string): void;
  /** The files of a span, in the order in which they were linked. */
  ofSpan(traceId: string, spanId: string): readonly { readonly id: string; readonly field: string }[];
  /** How many files were uploaded. */
  count(): number;
  close(): void;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    content_length INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    uploaded_at TEXT,
    content BLOB
  );
  CREATE TABLE IF NOT EXISTS media_links (
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    field TEXT NOT NULL,
    media_id TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id, field, media_id)
  );
`;

/** Opens the store in a file, or in memory for `:memory:`. Throws when the file is not a database. */
export function openMediaStore(file: string): MediaStore {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  const insert = database.prepare(
    "INSERT INTO media (id, content_type, content_length, sha256) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET content_type = excluded.content_type",
  );
  const link = database.prepare("INSERT OR IGNORE INTO media_links VALUES (?, ?, ?, ?)");
  const byId = database.prepare("SELECT * FROM media WHERE id = ?");
  const put = database.prepare("UPDATE media SET content = ? WHERE id = ?");
  const confirm = database.prepare("UPDATE media SET uploaded_at = ? WHERE id = ?");
  const ofSpan = database.prepare(
    "SELECT media_id, field FROM media_links WHERE trace_id = ? AND span_id = ? ORDER BY rowid",
  );
  const count = database.prepare("SELECT COUNT(*) AS files FROM media WHERE uploaded_at IS NOT NULL");
  return {
    register: ({ id, contentType, contentLength, sha256 }, { traceId, spanId, field }) => {
      insert.run(id, contentType, contentLength, sha256);
      link.run(traceId, spanId, field, id);
    },
    find: (id) => {
      const row = byId.get(id);
      if (!row) return undefined;
      const { uploaded_at: uploadedAt, content } = row;
      return {
        id,
        contentType: String(row["content_type"]),
        contentLength: Number(row["content_length"]),
        sha256: String(row["sha256"]),
        ...(typeof uploadedAt === "string" && { uploadedAt }),
        ...(content instanceof Uint8Array && { content }),
      };
    },
    put: (id, content) => void put.run(content, id),
    confirm: (id, uploadedAt) => void confirm.run(uploadedAt, id),
    ofSpan: (traceId, spanId) =>
      ofSpan
        .all(traceId, spanId)
        .map((row) => ({ id: String(row["media_id"]), field: String(row["field"]) })),
    count: () => Number(count.get()?.["files"]),
    close: () => database.close(),
  };
}
