/** The bare pass-through as a function: what the runtime client and a streamed answer cost without Sluice. */
import { pipeline } from "node:stream/promises";
import type { Context, LambdaFunctionURLEvent } from "aws-lambda";
import { forward } from "./forward.ts";

/** Serves a function URL in streaming mode. */
export const handler = awslambda.streamifyResponse(
  async (event: LambdaFunctionURLEvent, stream: awslambda.HttpResponseStream, context: Context) => {
    context.callbackWaitsForEmptyEventLoop = false;
    const answer = await forward(Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"));
    const headers = { "content-type": answer.headers["content-type"] ?? "application/json" };
    const out = awslambda.HttpResponseStream.from(stream, { statusCode: answer.statusCode ?? 502, headers });
    out.write("");
    await pipeline(answer, out);
  },
);
