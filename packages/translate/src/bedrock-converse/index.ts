/** Amazon Bedrock's Converse: one format for all the models there. */
import type { FormatTranslator } from "../format.ts";
import { readError, writeError } from "./error.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { createStreamReader } from "./stream-reader.ts";
import { createStreamWriter } from "./stream-writer.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";

/** Reads and writes Converse and ConverseStream. */
export const bedrockConverse: FormatTranslator = {
  format: "bedrock-converse",
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  createStreamReader,
  createStreamWriter,
  readError,
  writeError,
};
