/** The least that a gateway can do: the request goes to the provider and the answer comes back. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";

const agent = new Agent({ keepAlive: true });
const UPSTREAM = process.env["OPENAI_BASE_URL"] ?? "";

/** Calls the provider; resolves with its status, its headers and its body as a stream. */
export function forward(body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${UPSTREAM}/chat/completions`, {
      method: "POST",
      agent,
      headers: {
        "content-type": "application/json",
        "content-length": body.byteLength,
        authorization: "Bearer sk-bench",
      },
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
