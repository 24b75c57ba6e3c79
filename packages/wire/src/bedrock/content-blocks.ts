/** Puts the content blocks of a Converse stream together, in the shape that Converse gives them without streaming. */
import { asCount, asList, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";

/** Collects the blocks of one message. */
export interface ContentBlockFold {
  /** Adds a `contentBlockStart`. Text and reasoning have none. */
  start(event: JsonObject): void;
  /** Adds a `contentBlockDelta`. */
  delta(event: JsonObject): void;
  /** Adds a `contentBlockStop`. */
  stop(event: JsonObject): void;
  /** The blocks so far, by their index. A tool's input stays the text that the model wrote. */
  blocks(): readonly JsonObject[];
}

interface OpenBlock {
  start: JsonObject;
  text: string | undefined;
  reasoning: string | undefined;
  signature: string;
  redacted: string[];
  input: string;
  readonly results: unknown[];
  readonly citations: unknown[];
  image: JsonObject;
  readonly unknown: Record<string, unknown>;
  stopped: boolean;
}

/** A collector without blocks. */
export function createContentBlockFold(): ContentBlockFold {
  const open = new Map<number, OpenBlock>();

  function at(event: JsonObject): OpenBlock {
    const index = asCount(event["contentBlockIndex"]) ?? 0;
    const block = open.get(index) ?? emptyBlock();
    open.set(index, block);
    return block;
  }

  return {
    start(event) {
      at(event).start = asObject(event["start"]) ?? {};
    },
    delta(event) {
      addDelta(at(event), asObject(event["delta"]) ?? {});
    },
    stop(event) {
      at(event).stopped = true;
    },
    blocks: () =>
      Array.from(open)
        .sort(([a], [b]) => a - b)
        .map(([, block]) => wholeBlock(block)),
  };
}

function emptyBlock(): OpenBlock {
  return {
    start: {},
    text: undefined,
    reasoning: undefined,
    signature: "",
    redacted: [],
    input: "",
    results: [],
    citations: [],
    image: {},
    unknown: {},
    stopped: false,
  };
}

function addDelta(block: OpenBlock, delta: JsonObject): void {
  for (const [kind, value] of Object.entries(delta)) {
    const piece = asObject(value) ?? {};
    switch (kind) {
      case "text":
        block.text = (block.text ?? "") + (asText(value) ?? "");
        break;
      case "toolUse":
        block.input += asText(piece["input"]) ?? "";
        break;
      case "toolResult":
        block.results.push(...asList(value));
        break;
      case "reasoningContent":
        addReasoning(block, piece);
        break;
      case "citation":
        block.citations.push(value);
        break;
      case "image":
        block.image = { ...block.image, ...piece };
        break;
      default: {
        const before = block.unknown[kind];
        block.unknown[kind] =
          typeof before === "string" && typeof value === "string" ? before + value : value;
      }
    }
  }
}

function addReasoning(block: OpenBlock, piece: JsonObject): void {
  const text = piece["text"];
  if (typeof text === "string") block.reasoning = (block.reasoning ?? "") + text;
  block.signature += asText(piece["signature"]) ?? "";
  const redacted = asText(piece["redactedContent"]);
  if (redacted !== undefined) block.redacted.push(redacted);
}

function wholeBlock(block: OpenBlock): JsonObject {
  const toolUse = asObject(block.start["toolUse"]);
  const toolResult = asObject(block.start["toolResult"]);
  const image = asObject(block.start["image"]);
  const { text, reasoning, signature, redacted, results, citations, unknown } = block;
  return {
    ...block.start,
    ...(text !== undefined && citations.length === 0 && { text }),
    ...(citations.length > 0 && { citationsContent: { content: [{ text: text ?? "" }], citations } }),
    ...((toolUse || block.input !== "") && {
      // A tool without arguments sends no input at all; one that broke off has none yet.
      toolUse: { ...toolUse, input: block.input || (block.stopped ? "{}" : "") },
    }),
    ...((toolResult || results.length > 0) && { toolResult: { ...toolResult, content: results } }),
    ...((image || Object.keys(block.image).length > 0) && { image: { ...image, ...block.image } }),
    ...((reasoning !== undefined || signature !== "" || redacted.length > 0) && {
      reasoningContent: {
        ...((reasoning !== undefined || signature !== "") && {
          reasoningText: { text: reasoning ?? "", ...(signature !== "" && { signature }) },
        }),
        ...(redacted.length > 0 && { redactedContent: joinBase64(redacted) }),
      },
    }),
    ...unknown,
  };
}

/** Each piece is padded by itself, so they cannot be joined as text. */
function joinBase64(pieces: readonly string[]): string {
  const [only = ""] = pieces;
  if (pieces.length === 1) return only;
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).toString("base64");
}

/** A streamed block as it would be in a whole answer: a tool's input parsed, as far as it is JSON. */
export function withParsedInput(block: JsonObject): JsonObject {
  const toolUse = asObject(block["toolUse"]);
  const input = toolUse?.["input"];
  if (typeof input !== "string") return block;
  return { ...block, toolUse: { ...toolUse, input: parseJson(input) ?? input } };
}
