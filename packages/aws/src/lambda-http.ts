/** Between a Lambda function URL in streaming mode and the gateway's own request and response. */
import type { Writable } from "node:stream";
import type { GatewayRequest, GatewayResponse } from "@sluice/gateway";
import type { Context, LambdaFunctionURLEvent } from "aws-lambda";

/** The event as a request. `nowMs` is the present, Unix time in ms. */
export function toGatewayRequest(
  event: LambdaFunctionURLEvent,
  context: Context,
  nowMs: number,
): GatewayRequest {
  const { http } = event.requestContext;
  return {
    method: http.method,
    path: event.rawPath,
    query: event.rawQueryString,
    headers: event.headers,
    body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
    callerIp: http.sourceIp,
    deadlineAtMs: nowMs + context.getRemainingTimeInMillis(),
  };
}

/** The response stream of the runtime as a response. */
export function toGatewayResponse(stream: awslambda.HttpResponseStream): GatewayResponse {
  return {
    start(status, headers): Writable {
      const body = awslambda.HttpResponseStream.from(stream, { statusCode: status, headers });
      // Without a first write the runtime sends neither status nor headers, and a client waits for both.
      body.write("");
      return body;
    },
  };
}
