/** Reads the bodies of operations that have no answer of a model's to put together: images, sound, moderations, passages. */
import type { AssembledAnswer, AssembledRequest, Reading } from "./assembled.ts";
import { readJsonBody } from "./body-text.ts";
import { asObject, asText } from "./json-value.ts";
import { readErrorBody } from "./openai/answer-error.ts";

/** Reads a request that is JSON: everything but the model's name is input. Never throws. */
export function readPlainRequest(body: Uint8Array): Reading<AssembledRequest> {
  const read = readJsonBody([body]);
  if (!read.ok) return read;
  const { model: named, trace: _, ...input } = asObject(read.value) ?? {};
  const model = asText(named);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      input: asObject(read.value) ? input : read.value,
      parameters: {},
    },
  };
}

/** Reads an answer that is JSON: an error from status 400 on, else what it says of its model. Never throws. */
export function readPlainAnswer(pieces: readonly Uint8Array[], status: number): Reading<AssembledAnswer> {
  const read = readJsonBody(pieces);
  if (!read.ok) return read;
  const model = asText(asObject(read.value)?.["model"]);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      choices: [],
      ...(status >= 400 && { error: readErrorBody(read.value, status) }),
      warnings: [],
    },
  };
}
