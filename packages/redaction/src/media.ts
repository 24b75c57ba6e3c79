/** Files inside a call. Nobody can say what is on an image: where content is redacted, a file is told by its hash. */
import { type JsonObject, mediaPlaceholder, placeholderText } from "@sluice/wire";

/** From how many characters on a text of nothing but base64 is a file; shorter ones may be ids. */
const SHORTEST_FILE = 512;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const DATA_URL = /data:([\w.+/-]{0,100})(?:;[\w.=+-]{1,60}){0,4};base64,([A-Za-z0-9+/_=%-]*)/gi;

/** Members that hold a file, whatever its length (OpenAI, Anthropic, Gemini, Converse). */
const FILE_MEMBERS: ReadonlySet<string> = new Set([
  "b64_json",
  "file_data",
  "image_base64",
  "partial_image_b64",
]);
const TYPE_MEMBERS = ["media_type", "mimeType", "mime_type", "format", "output_format"];
const DATA_MEMBERS: ReadonlySet<string> = new Set(["data", "bytes", "result"]);

/** The text with each file in it replaced by its placeholder. */
export function withoutFiles(text: string): string {
  if (isFile(text)) return placeholder(text, undefined);
  if (!/;base64,/i.test(text)) return text;
  return text.replace(DATA_URL, (_, mediaType: string, data: string) => placeholder(data, mediaType));
}

/** The placeholder for a member of an object that holds a file by its name and its neighbours; undefined when it does not. */
export function fileInMember(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (typeof value !== "string" || !BASE64.test(value)) return undefined;
  const type = TYPE_MEMBERS.map((member) => object[member]).find((member) => typeof member === "string");
  const holdsFile = FILE_MEMBERS.has(name) || (DATA_MEMBERS.has(name) && type !== undefined);
  return holdsFile ? placeholder(value, type) : undefined;
}

function isFile(text: string): boolean {
  if (text.length < SHORTEST_FILE) return false;
  // MIME breaks base64 into lines of 64 or 76 characters.
  const firstLine = /^[^\r\n]{64}(?:[^\r\n]{12})?(?=\r?\n)/.test(text);
  return BASE64.test(firstLine ? text.replaceAll(/[\r\n]/g, "") : text);
}

function placeholder(data: string, mediaType: string | undefined): string {
  return placeholderText(mediaPlaceholder([Buffer.from(data, "base64")], mediaType));
}
