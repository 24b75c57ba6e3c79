/** The body of a model call: what the gateway must know of it, and the few edits it makes. */
import type { Endpoint } from "@sluice/trace";
import { editMembers, type MemberEdit } from "@sluice/wire/pipe";
import type { CallTarget } from "./endpoints.ts";
import { badRequest } from "./errors.ts";
import type { GatewayRequest } from "./http.ts";
import type { FormField } from "./multipart-form.ts";
import { asObject } from "./trace-context/fields.ts";

/** A body that has been read as far as forwarding needs. */
export interface InferenceRequest {
  /** As the caller wrote it. Of a passage whose body names none: empty. */
  readonly model: string;
  readonly streaming: boolean;
  /** Whether the caller itself asked for the usage chunk of a stream. */
  readonly wantsUsageChunk: boolean;
  /** The parsed body; without members when it is no JSON object (a form, a passage). */
  readonly json: Readonly<Record<string, unknown>>;
  /** Byte for byte what the caller sent. */
  readonly body: Buffer;
  /** Of a form: where in the body the model's name stands. */
  readonly modelField?: FormField;
}

/** The body as JSON; undefined when it is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a call's body, `parsed` as JSON where it is some. Throws a 400 that says what is wrong with it. */
export async function readCall(
  request: GatewayRequest,
  parsed: unknown,
  target: CallTarget,
): Promise<InferenceRequest> {
  const { body } = request;
  if (target.endpoint === "proxy") {
    const json = asObject(parsed) ?? {};
    const model = json["model"];
    return inference(typeof model === "string" ? model : "", json, body);
  }
  return target.body === "form"
    ? await readForm(body, request.headers["content-type"] ?? "")
    : readInferenceRequest(body, parsed);
}

/** Reads the body of a model call that is JSON. Throws a 400 that says what is wrong with it. */
export function readInferenceRequest(body: Buffer, parsed: unknown): InferenceRequest {
  const json = asObject(parsed);
  if (!json) {
    const why =
      body.length === 0 ? "is empty" : parsed === undefined ? "is not valid JSON" : "is not a JSON object";
    throw badRequest("invalid_json", `The request body ${why}. Send a JSON object.`);
  }
  const model = json["model"];
  if (typeof model !== "string" || model === "") {
    throw missingModel('The request names no model: "model" must be a non-empty string.');
  }
  return inference(model, json, body);
}

async function readForm(body: Buffer, contentType: string): Promise<InferenceRequest> {
  const { findFormField } = await import("./multipart-form.ts");
  const field = findFormField(body, contentType, "model");
  if (!field?.value) throw missingModel('The form names no model: it needs a field "model".');
  const stream = findFormField(body, contentType, "stream")?.value === "true";
  return { ...inference(field.value, { stream }, body), modelField: field };
}

function inference(model: string, json: Readonly<Record<string, unknown>>, body: Buffer): InferenceRequest {
  return {
    model,
    streaming: json["stream"] === true,
    wantsUsageChunk: asObject(json["stream_options"])?.["include_usage"] === true,
    json,
    body,
  };
}

function missingModel(message: string) {
  return badRequest("missing_model", message, "model");
}

/** Members that are about the trace, and that no provider knows: ours, and those of LiteLLM's proxy. */
const OWN_MEMBERS = ["trace", "litellm_metadata", "litellm_session_id", "litellm_trace_id"];

/**
 * The body to send to the provider: the caller's own bytes but for three edits. The alias becomes the
 * model's name; members about the trace go; a chat stream is asked for its usage, without which nobody knows
 * what the call cost.
 */
export async function forwardedBody(
  request: InferenceRequest,
  endpoint: Endpoint,
  model: string,
): Promise<Buffer> {
  if (request.modelField) {
    const { withFormField } = await import("./multipart-form.ts");
    return request.model === model ? request.body : withFormField(request.body, request.modelField, model);
  }
  const edits: MemberEdit[] = [];
  if (request.model !== model) edits.push({ key: "model", value: JSON.stringify(model) });
  for (const key of OWN_MEMBERS) if (key in request.json) edits.push({ key });
  if (asksForUsage(request, endpoint)) {
    const options = { ...asObject(request.json["stream_options"]), include_usage: true };
    edits.push({ key: "stream_options", value: JSON.stringify(options) });
  }
  return edits.length === 0 ? request.body : Buffer.from(editMembers(request.body.toString("utf8"), edits));
}

/** Whether the gateway adds `include_usage`, and must therefore take the usage chunk out again. */
export function asksForUsage(request: InferenceRequest, endpoint: Endpoint): boolean {
  return (
    (endpoint === "chat.completions" || endpoint === "completions") &&
    request.streaming &&
    !request.wantsUsageChunk
  );
}
