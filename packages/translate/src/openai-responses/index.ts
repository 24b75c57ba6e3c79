/** OpenAI's responses, as far as one call goes: what a provider keeps between calls cannot be translated. */
import type { FormatTranslator } from "../format.ts";
import { readError, writeError } from "../openai-chat/error.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { createStreamReader } from "./stream-reader.ts";
import { createStreamWriter } from "./stream-writer.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";

/** Reads and writes responses. */
export const openAiResponses: FormatTranslator = {
  format: "openai-responses",
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  createStreamReader,
  createStreamWriter,
  readError,
  writeError,
};
