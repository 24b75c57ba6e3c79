/** Content types of files: which Langfuse takes, and what a file is when nothing says. */

/**
 * Types that Langfuse takes (`MediaContentType` of @langfuse/core 5.11). An older server knows fewer, and refuses the others
 * with 400.
 */
const ACCEPTED = new Set(
  `image/png image/jpeg image/jpg image/webp image/gif image/svg+xml image/tiff image/bmp image/avif image/heic
  audio/mpeg audio/mp3 audio/wav audio/ogg audio/oga audio/aac audio/mp4 audio/flac audio/opus audio/webm
  video/mp4 video/webm video/ogg video/mpeg video/quicktime video/x-msvideo video/x-matroska
  text/plain text/html text/css text/csv text/markdown text/x-python text/x-typescript
  application/javascript application/x-yaml application/pdf application/msword application/vnd.ms-excel
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
  application/vnd.openxmlformats-officedocument.wordprocessingml.document
  application/vnd.openxmlformats-officedocument.presentationml.presentation
  application/zip application/json application/xml application/octet-stream application/rtf application/x-ndjson
  application/vnd.apache.parquet application/gzip application/x-tar application/x-7z-compressed`.split(/\s+/),
);

/** Other names for types that Langfuse takes. */
const SAME_TYPE: Readonly<Record<string, string>> = {
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "audio/x-flac": "audio/flac",
  "audio/x-m4a": "audio/mp4",
  "audio/m4a": "audio/mp4",
  "audio/x-aac": "audio/aac",
  "text/xml": "application/xml",
  "text/javascript": "application/javascript",
};

/** What providers call a format (OpenAI's `format`, Bedrock's `format`, the ends of file names), and its content type. */
const BY_FORMAT: Readonly<Record<string, string>> = {
  png: "image/png",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  mp3: "audio/mpeg",
  mpeg: "audio/mpeg",
  wav: "audio/wav",
  flac: "audio/flac",
  ogg: "audio/ogg",
  opus: "audio/opus",
  aac: "audio/aac",
  m4a: "audio/mp4",
  pcm16: "audio/pcm",
  pcm: "audio/pcm",
  mp4: "video/mp4",
  mov: "video/quicktime",
  mkv: "video/x-matroska",
  webm: "video/webm",
  mpg: "video/mpeg",
  pdf: "application/pdf",
  csv: "text/csv",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  html: "text/html",
  txt: "text/plain",
  md: "text/markdown",
};

/** First bytes of files that nobody would write by chance, and where they stand. */
const SIGNATURES: readonly (readonly [bytes: string, at: number, type: string])[] = [
  ["\x89PNG\r\n\x1a\n", 0, "image/png"],
  ["\xff\xd8\xff", 0, "image/jpeg"],
  ["GIF8", 0, "image/gif"],
  ["WEBP", 8, "image/webp"],
  ["WAVE", 8, "audio/wav"],
  ["ftypavif", 4, "image/avif"],
  ["ftypheic", 4, "image/heic"],
  ["ftypM4A", 4, "audio/mp4"],
  ["ftyp", 4, "video/mp4"],
  ["\x1a\x45\xdf\xa3", 0, "video/webm"],
  ["ID3", 0, "audio/mpeg"],
  ["OggS", 0, "audio/ogg"],
  ["fLaC", 0, "audio/flac"],
  ["%PDF-", 0, "application/pdf"],
  ["PK\x03\x04", 0, "application/zip"],
];

/** The name under which Langfuse takes a type, or undefined when it does not. */
export function acceptedType(mediaType: string): string | undefined {
  const type = SAME_TYPE[mediaType] ?? mediaType;
  return ACCEPTED.has(type) ? type : undefined;
}

/** A content type without its parameters, in lower case; undefined for anything else. */
export function plainType(text: unknown): string | undefined {
  const type = typeof text === "string" ? (text.split(";")[0] ?? "").trim().toLowerCase() : "";
  return /^[\w.+-]{1,60}\/[\w.+-]{1,100}$/.test(type) ? type : undefined;
}

/** The content type of a format by its short name, or by the end of a file's name. */
export function typeOfFormat(format: unknown): string | undefined {
  const name = typeof format === "string" ? format.slice(format.lastIndexOf(".") + 1).toLowerCase() : "";
  return Object.hasOwn(BY_FORMAT, name) ? BY_FORMAT[name] : undefined;
}

/** What base64 text is the beginning of, by the file's first bytes. */
export function typeOfContent(base64: string): string | undefined {
  const start = Buffer.from(base64.slice(0, 32), "base64").toString("latin1");
  return SIGNATURES.find(([bytes, at]) => start.startsWith(bytes, at))?.[2];
}
