/** Google's generateContent, as the Gemini API and Vertex AI speak it. */
import type { FormatTranslator } from "../format.ts";
import { readError, writeError } from "./error.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { createStreamReader } from "./stream-reader.ts";
import { createStreamWriter } from "./stream-writer.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";

/** The translator of generateContent. */
export const geminiGenerateContent: FormatTranslator = {
  format: "gemini-generate-content",
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  createStreamReader,
  createStreamWriter,
  readError,
  writeError,
};
