/** Anthropic's messages (Anthropic API, "Messages"). */
import type { FormatTranslator } from "../format.ts";
import { readError, writeError } from "./error.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { createStreamReader } from "./stream-reader.ts";
import { createStreamWriter } from "./stream-writer.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";

/** Translates to and from Anthropic's messages. */
export const anthropicMessages: FormatTranslator = {
  format: "anthropic-messages",
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  createStreamReader,
  createStreamWriter,
  readError: (body, status) => readError(body, status),
  writeError,
};
