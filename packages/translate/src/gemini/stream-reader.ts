/** Reads the events of a streamed answer (`streamGenerateContent?alt=sse`). */
import { asList, asObject, parseJson } from "@sluice/wire";
import type { StreamReader } from "../format.ts";
import { createChunkReader } from "./chunk-reader.ts";

/**
 * A reader of one stream. The end mark of these streams is the reason for which the candidate ended; usage may come with it
 * or after it, so `finish` and `end` are told when the stream is over.
 */
export function createStreamReader(): StreamReader {
  const reader = createChunkReader();
  return {
    read({ data }) {
      const value = parseJson(data);
      const chunks = Array.isArray(value) ? asList(value) : [value];
      return chunks.flatMap((each) => {
        const chunk = asObject(each);
        return chunk ? reader.read(chunk) : [];
      });
    },
    end: () => reader.end(false),
  };
}
