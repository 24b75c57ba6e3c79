/**
 * The prelude of a streamed HTTP answer: a JSON object with status and headers, eight NUL bytes, the body.
 * The runtime sends it when the function used `HttpResponseStream.from`, and says so by the content type.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
 */
import type { ResponseHead } from "./outcome.ts";

/** The content type of a streamed answer that begins with a prelude. */
export const PRELUDE_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER = Buffer.alloc(8);

/** What came before the delimiter, and the bytes of the body that came along with it. */
export interface SplitPrelude {
  readonly head: ResponseHead;
  readonly rest: Buffer;
}

/**
 * Returns a function that takes the answer chunk by chunk and gives the prelude as soon as it is complete,
 * wherever the chunks are cut. Do not call it again after that. Throws `SyntaxError` on a prelude that is
 * not JSON.
 */
export function createPreludeReader(): (chunk: Buffer) => SplitPrelude | undefined {
  let seen = Buffer.alloc(0);
  return (chunk) => {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf(DELIMITER);
    if (end < 0) return undefined;
    return {
      head: JSON.parse(seen.toString("utf8", 0, end)) as ResponseHead,
      rest: seen.subarray(end + DELIMITER.length),
    };
  };
}
