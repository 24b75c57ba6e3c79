/** Ids of tool calls as Bedrock takes them (Amazon Bedrock API reference, "ToolUseBlock"). */
import { crc32 } from "node:zlib";
import type { ModelFamily } from "./model-family.ts";

const MAX_LENGTH = 64;

/**
 * The id in characters that the model's provider takes, and the same for the same id, so that calls and results still fit. Claude
 * refuses dots and colons, which Kimi makes its own ids of. A checksum keeps apart what would become alike.
 */
export function writeToolId(id: string, family: ModelFamily): string {
  const allowed = id.replace(family === "claude" ? /[^\w-]/g : /[^\w.:-]/g, "_");
  if (allowed === id && id.length <= MAX_LENGTH && id !== "") return id;
  const mark = crc32(id).toString(16).padStart(8, "0");
  return `${allowed.slice(0, MAX_LENGTH - mark.length - 1)}_${mark}`;
}
