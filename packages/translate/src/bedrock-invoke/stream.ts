/** From the binary stream of `InvokeModelWithResponseStream` to the SSE that Anthropic's own clients read. */
import { createEventStreamDecoder, invokeEventAsSse, readAwsEvent } from "@sluice/wire";
import type { ProviderError } from "../answer.ts";
import { writeInvokeError } from "./error.ts";

/** Frames one stream anew; make one for each. Never throws. */
export interface InvokeStream {
  /** The whole SSE events that this chunk completes. None after the end or an error. */
  push(chunk: Uint8Array): readonly Buffer[];
  /**
   * The stream has ended. `broken`: it never said `message_stop` and told of no error; then the caller must not see a clean end.
   */
  end(): { readonly pieces: readonly Buffer[]; readonly broken: boolean };
  /** An error of the gateway's own, as the last event. None when the stream has already ended. */
  fail(error: ProviderError): readonly Buffer[];
}

/** A stream at its beginning. */
export function createInvokeStream(): InvokeStream {
  const decoder = createEventStreamDecoder();
  let open = true;

  return {
    push(chunk) {
      const pieces: Buffer[] = [];
      for (const message of decoder.push(chunk)) {
        if (!open) break;
        const sse = invokeEventAsSse(readAwsEvent(message));
        if (sse !== "") pieces.push(Buffer.from(sse, "utf8"));
        if (sse.startsWith("event: message_stop\n") || sse.startsWith("event: error\n")) open = false;
      }
      return pieces;
    },
    end: () => ({ pieces: [], broken: open }),
    fail(error) {
      if (!open) return [];
      open = false;
      return [Buffer.from(`event: error\ndata: ${writeInvokeError(error)}\n\n`, "utf8")];
    },
  };
}
