/** The body of a model call: what the gateway must know of it, and the few edits it makes. */
import type { Endpoint } from "@sluice/trace";
import { editMembers, type MemberEdit } from "@sluice/wire";
import { badRequest } from "./errors.ts";
import { asObject } from "./trace-context/fields.ts";

/** A body that has been read as far as forwarding needs. */
export interface InferenceRequest {
  readonly model: string;
  readonly streaming: boolean;
  /** Whether the caller itself asked for the usage chunk of a stream. */
  readonly wantsUsageChunk: boolean;
  /** The parsed body. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The body's text, byte for byte what the caller sent. */
  readonly text: string;
}

/** The body as JSON; undefined when it is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a model call's body, already parsed as JSON. Throws a 400 that says what is wrong with it. */
export function readInferenceRequest(body: Buffer, parsed: unknown): InferenceRequest {
  const json = asObject(parsed);
  if (!json) {
    const why =
      body.length === 0 ? "is empty" : parsed === undefined ? "is not valid JSON" : "is not a JSON object";
    throw badRequest("invalid_json", `The request body ${why}. Send a JSON object.`);
  }
  const model = json["model"];
  if (typeof model !== "string" || model === "") {
    throw badRequest(
      "missing_model",
      'The request names no model: "model" must be a non-empty string.',
      "model",
    );
  }
  return {
    model,
    streaming: json["stream"] === true,
    wantsUsageChunk: asObject(json["stream_options"])?.["include_usage"] === true,
    json,
    text: body.toString("utf8"),
  };
}

/**
 * The body to send to the provider: the caller's own bytes but for three edits. The alias becomes the
 * model's name; the `trace` object goes; a chat stream is asked for its usage, without which nobody knows
 * what the call cost.
 */
export function forwardedBody(request: InferenceRequest, endpoint: Endpoint, model: string): Buffer {
  const edits: MemberEdit[] = [];
  if (request.model !== model) edits.push({ key: "model", value: JSON.stringify(model) });
  if ("trace" in request.json) edits.push({ key: "trace" });
  if (asksForUsage(request, endpoint)) {
    const options = { ...asObject(request.json["stream_options"]), include_usage: true };
    edits.push({ key: "stream_options", value: JSON.stringify(options) });
  }
  return Buffer.from(editMembers(request.text, edits));
}

/** Whether the gateway adds `include_usage`, and must therefore take the usage chunk out again. */
export function asksForUsage(request: InferenceRequest, endpoint: Endpoint): boolean {
  return endpoint === "chat.completions" && request.streaming && !request.wantsUsageChunk;
}
