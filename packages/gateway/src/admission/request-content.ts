/** What a model is given beside the text of a request: media, and what stands elsewhere and is only named. */
import type { RequestBounds } from "@sluice/prices";
import { asObject } from "../trace-context/fields.ts";
import type { Unbounded } from "./unbounded.ts";

type Fields = Readonly<Record<string, unknown>>;
type Kind = keyof NonNullable<RequestBounds["attachments"]>;

/** What was found. */
export interface RequestContent {
  /** Media by their kind, whether inline, by URL or by id. */
  readonly attachments: Readonly<Partial<Record<Kind, number>>>;
  /** Bytes of the body that are no text because they are media themselves. */
  readonly inlineBytes: number;
  /** Whether it names what the provider keeps: an earlier answer, the results of one of its tools. */
  readonly refersElsewhere: boolean;
  /** The first part of a type that is not known here. */
  readonly unbounded?: Unbounded;
}

/**
 * Types of parts whose tokens their bytes do not bound: OpenAI's chat and responses, Anthropic's messages, and providers that
 * speak one of them. `document_url` is Mistral's.
 */
const MEDIA: ReadonlyMap<unknown, Kind> = new Map([
  ["image_url", "image"],
  ["input_image", "image"],
  ["image", "image"],
  ["computer_screenshot", "image"],
  ["input_audio", "audio"],
  ["audio_url", "audio"],
  ["video_url", "video"],
  ["input_video", "video"],
  ["file", "file"],
  ["input_file", "file"],
  ["document", "file"],
  ["document_url", "file"],
]);

/** Types whose bytes are all that the model is given of them. */
const TEXT: ReadonlySet<unknown> = new Set([
  "text",
  "input_text",
  "output_text",
  "refusal",
  "thinking",
  "redacted_thinking",
  "reasoning_text",
  "summary_text",
  "reference",
  "compaction",
  "tool_use",
  "tool_reference",
  "server_tool_use",
  "mcp_tool_use",
  "function_call",
  "custom_tool_call",
  "computer_call",
  "local_shell_call",
  "local_shell_call_output",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "mcp_list_tools",
  "mcp_call",
  "mcp_approval_request",
  "mcp_approval_response",
  // Its tools are looked at beside the request's own.
  "additional_tools",
]);

/** Types with further parts inside, and where. */
const CONTAINERS: ReadonlyMap<unknown, string> = new Map([
  ["message", "content"],
  ["tool_result", "content"],
  ["mcp_tool_result", "content"],
  ["search_result", "content"],
  ["function_call_output", "output"],
  ["custom_tool_call_output", "output"],
  ["computer_call_output", "output"],
]);

/** What Anthropic's own tools gave, as a caller returns it: its pages are inside, encrypted. */
const SERVER_RESULT =
  /^(?:web_search|web_fetch|[a-z_]*code_execution|tool_search_tool)_\w*(?:result|error|output)$/;

/** Items of OpenAI's responses that stand for what OpenAI keeps. */
const KEPT: ReadonlySet<unknown> = new Set([
  "item_reference",
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
]);

/** Base64 of an hour of speech at 6 kbit/s, which is the least that any codec needs: what a longer sound must have. */
const BASE64_BYTES_PER_HOUR = 3_600_000;

/** Looks through the parts of a conversation, or of several: `messages`, `system`, `input`. */
export function contentOf(...roots: readonly unknown[]): RequestContent {
  const attachments: Partial<Record<Kind, number>> = {};
  let inlineBytes = 0;
  let refersElsewhere = false;
  let unbounded: Unbounded | undefined;

  const attach = (kind: Kind, count = 1) => {
    attachments[kind] = (attachments[kind] ?? 0) + count;
  };
  const media = (part: Fields, kind: Kind) => {
    const source = asObject(part["source"]);
    // The text of a document is in the request, or its parts are.
    if (source?.["type"] === "text") return;
    if (source?.["type"] === "content") {
      look(source["content"]);
      return;
    }
    const inline = inlineTexts(part);
    const bytes = inline.reduce((sum, text) => sum + text.length, 0);
    attach(kind, kind === "audio" ? Math.max(1, Math.ceil(bytes / BASE64_BYTES_PER_HOUR)) : 1);
    // Of a file that is no PDF the bytes may be text, of which there can be more than a file's bound has.
    if (kind !== "file" || isPdf(source, inline)) inlineBytes += bytes;
  };
  const look = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) look(item);
      return;
    }
    const part = asObject(value);
    if (!part) return;
    const type = part["type"];
    if (type === undefined && "role" in part) {
      // An answer's sound, given back by its id.
      if (asObject(part["audio"])) attach("audio");
      look(part["content"]);
      return;
    }
    const kind = MEDIA.get(type);
    const inside = CONTAINERS.get(type);
    if (kind) media(part, kind);
    else if (inside !== undefined) look(part[inside]);
    else if (KEPT.has(type) || (type === "reasoning" && isKept(part))) refersElsewhere = true;
    else if (typeof type === "string" && SERVER_RESULT.test(type)) look(part["content"]);
    else if (!TEXT.has(type) && type !== "reasoning" && !isResultInside(type)) {
      unbounded ??= {
        reason: `how many tokens a part of type ${typeof type === "string" ? JSON.stringify(type) : "unknown"} has is not known`,
        inTokens: true,
      };
    }
  };
  for (const root of roots) look(root);
  return { attachments, inlineBytes, refersElsewhere, ...(unbounded && { unbounded }) };
}

/** A page that Anthropic's search found, inside of the search's result. */
function isResultInside(type: unknown): boolean {
  return type === "web_search_result";
}

/** Thinking that OpenAI keeps: its id is given, and not its encrypted form. */
function isKept(item: Fields): boolean {
  return typeof item["encrypted_content"] !== "string" && typeof item["id"] === "string";
}

/** A part's media as far as they are in the request: base64 or `data:` URLs, whose characters are one byte each. */
function inlineTexts(part: Fields): readonly string[] {
  const places = [part, asObject(part[String(part["type"])]), asObject(part["source"])];
  const texts = places.flatMap((place) =>
    place ? [place["url"], place["data"], place["file_data"], place["image_url"]] : [],
  );
  return texts
    .filter((text) => typeof text === "string")
    .filter((text) => !/^https?:/.test(text) && /^[\x20-\x7e]*$/.test(text));
}

function isPdf(source: Fields | undefined, inline: readonly string[]): boolean {
  return (
    source?.["media_type"] === "application/pdf" ||
    inline.every((text) => text.startsWith("data:application/pdf"))
  );
}
