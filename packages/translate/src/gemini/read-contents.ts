/** Reads `contents` and `systemInstruction` into turns. */
import { asList, asObject, asText, type JsonObject, member } from "@sluice/wire";
import type { Part, Turn } from "../conversation.ts";
import { readSignature } from "../foreign-signature.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readResponse } from "./function-response.ts";
import { readSource } from "./media.ts";

const FORMAT = "gemini-generate-content";

/** Members of a part that are read; what else there is, is noted. */
const READ_MEMBERS = new Set([
  "text",
  "thought",
  "thoughtSignature",
  "thought_signature",
  "functionCall",
  "function_call",
  "functionResponse",
  "function_response",
  "inlineData",
  "inline_data",
  "fileData",
  "file_data",
]);

/** Reads what was said, instructions first. */
export function readTurns(request: JsonObject, note: Note): readonly Turn[] {
  const contents = member(request, "contents");
  // One content may stand without its list.
  const list = Array.isArray(contents) ? asList(contents) : contents === undefined ? [] : [contents];
  if (list.length === 0) {
    throw new MalformedRequestError("contents", "contents has to be a list of at least one content.");
  }
  const reader = createReader(note);
  const instruction = member(request, "systemInstruction");
  const turns = list.map((content, at) => reader.turn(content, `contents[${at}]`));
  if (instruction === undefined) return turns;
  const object = asObject(instruction) ?? { parts: [{ text: instruction }] };
  return [{ role: "system", parts: reader.parts(object, "systemInstruction") }, ...turns];
}

interface OpenCall {
  readonly id: string;
  readonly name: string;
}

function createReader(note: Note) {
  // Calls without an id are joined with their results by name and order, as Gemini itself does.
  const unanswered: OpenCall[] = [];
  let calls = 0;

  function turn(value: unknown, path: string): Turn {
    const content = asObject(value);
    if (!content) throw new MalformedRequestError(path, `${path} has to be an object with role and parts.`);
    const role = content["role"] ?? "user";
    if (role !== "user" && role !== "model" && role !== "function" && role !== "system") {
      throw new MalformedRequestError(`${path}.role`, `${path}.role has to be user or model.`);
    }
    return {
      role: role === "model" ? "assistant" : role === "system" ? "system" : "user",
      parts: parts(content, path),
    };
  }

  function parts(content: JsonObject, path: string): readonly Part[] {
    return asList(content["parts"]).flatMap((item, at) => {
      const where = `${path}.parts[${at}]`;
      const part = asObject(item);
      if (!part) throw new MalformedRequestError(where, `${where} has to be an object.`);
      return readPart(part, where);
    });
  }

  function readPart(part: JsonObject, path: string): readonly Part[] {
    for (const [field, value] of Object.entries(part)) {
      if (READ_MEMBERS.has(field) || value === null) continue;
      const reason = "The member has no equal in other formats.";
      note({ field: `${path}.${field}`, reason, weight: "matters" });
    }
    const signed = asText(member(part, "thoughtSignature"));
    const call = asObject(member(part, "functionCall"));
    if (call) return [readCall(call, signed, path)];
    const response = asObject(member(part, "functionResponse"));
    if (response) return [readResult(response, path)];
    const text = part["text"];
    if (typeof text === "string") return readText(text, part["thought"] === true, signed);
    const media = readSource(part);
    if (!media) return [];
    const { kind, source, name } = media;
    return [
      kind === "file" ? { kind, source, ...(name !== undefined && { filename: name }) } : { kind, source },
    ];
  }

  function readCall(call: JsonObject, signature: string | undefined, path: string): Part {
    const name = asText(call["name"]);
    if (name === undefined) {
      const field = `${path}.functionCall.name`;
      throw new MalformedRequestError(field, `${field} has to name the function.`);
    }
    calls += 1;
    const id = asText(call["id"]) ?? `call_${calls}`;
    unanswered.push({ id, name });
    return {
      kind: "tool_call",
      id,
      name,
      arguments: JSON.stringify(member(call, "args") ?? {}),
      ...(signature !== undefined && { signature }),
    };
  }

  function readResult(result: JsonObject, path: string): Part {
    const name = asText(result["name"]);
    const given = asText(result["id"]);
    const found = unanswered.findIndex((call) =>
      given === undefined ? call.name === name : call.id === given,
    );
    const call = found < 0 ? undefined : unanswered.splice(found, 1)[0];
    const callId = given ?? call?.id;
    if (callId === undefined) {
      throw new MalformedRequestError(
        `${path}.functionResponse`,
        `${path}.functionResponse answers no functionCall: give it the id or the name of one that stands before it.`,
      );
    }
    const { text, isError } = readResponse(asObject(result["response"]) ?? {});
    const media = asList(result["parts"]).flatMap((item, at) =>
      readPart(asObject(item) ?? {}, `${path}.functionResponse.parts[${at}]`),
    );
    return {
      kind: "tool_result",
      callId,
      ...(name !== undefined && { name }),
      parts: [{ kind: "text", text }, ...media],
      ...(isError && { isError }),
    };
  }

  return { turn, parts };
}

function readText(text: string, isThought: boolean, signed: string | undefined): readonly Part[] {
  const mark = signed === undefined ? undefined : readSignature(signed, FORMAT);
  if (isThought) {
    const { signature, origin } = mark ?? {};
    return [
      {
        kind: "reasoning",
        text,
        ...(signature !== undefined && { signature }),
        origin: origin ?? FORMAT,
      },
    ];
  }
  return [
    ...(text === "" ? [] : [{ kind: "text", text } as const]),
    ...(mark
      ? [{ kind: "reasoning", text: "", encrypted: mark.signature, origin: mark.origin } as const]
      : []),
  ];
}
