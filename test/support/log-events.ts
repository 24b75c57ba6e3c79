/** A stand-in for CloudWatch Logs: `FilterLogEvents` in its own JSON protocol (AWS JSON 1.1), page by page. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import * as z from "zod";

/** A line of a log. */
export interface LogEvent {
  /** Unix time, ms. */
  readonly timestamp: number;
  readonly message: string;
}

/** The service with what it was asked. */
export interface LogEvents {
  readonly url: string;
  /** The inputs of all requests, in order. */
  readonly requests: readonly FilterInput[];
  /** How many of the next requests are throttled. */
  throttled: number;
}

/** Strict, so that an input that the service does not know is an error here as it is there. */
const filterInput = z.strictObject({
  logGroupName: z.string(),
  startTime: z.number().int().optional(),
  filterPattern: z.string().optional(),
  nextToken: z.string().optional(),
});
type FilterInput = z.infer<typeof filterInput>;

/** Starts a service that has these log groups; ended with the test. It answers `pageSize` events at a time. */
export async function logEvents(
  groups: Readonly<Record<string, readonly LogEvent[]>>,
  pageSize: number,
): Promise<LogEvents> {
  const requests: FilterInput[] = [];
  const state = { throttled: 0 };

  const answer = (target: string, body: string): { status: number; body: object } => {
    const fault = (type: string, message: string) => ({ status: 400, body: { __type: type, message } });
    if (target !== "Logs_20140328.FilterLogEvents") return fault("UnknownOperationException", target);
    const parsed = filterInput.safeParse(JSON.parse(body));
    if (!parsed.success) return fault("InvalidParameterException", parsed.error.message);
    requests.push(parsed.data);
    if (state.throttled > 0) {
      state.throttled -= 1;
      return fault("ThrottlingException", "Rate exceeded");
    }
    const { logGroupName, startTime = 0, filterPattern, nextToken } = parsed.data;
    const events = groups[logGroupName];
    if (!events) return fault("ResourceNotFoundException", "The specified log group does not exist.");
    // A pattern in quotes is an exact phrase.
    const phrase = /^"(.*)"$/.exec(filterPattern ?? '""')?.[1];
    if (phrase === undefined) return fault("InvalidParameterException", "Invalid filter pattern");
    const found = events.filter(
      ({ timestamp, message }) => timestamp >= startTime && message.includes(phrase),
    );
    // The service searches for a while and then answers with what it has, which may be nothing: so is the first page here.
    const page = nextToken === undefined ? 0 : Number(nextToken);
    const from = (page - 1) * pageSize;
    const shown = page === 0 ? [] : found.slice(from, from + pageSize);
    const isLast = page > 0 && from + pageSize >= found.length;
    return {
      status: 200,
      body: {
        events: shown.map((event, index) => ({
          ...event,
          eventId: `${page}-${index}`,
          ingestionTime: event.timestamp,
          logStreamName: "2026/11/21/[$LATEST]0",
        })),
        searchedLogStreams: [],
        ...(!isLast && { nextToken: String(page + 1) }),
      },
    };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const target = request.headers["x-amz-target"];
      const { status, body } = answer(String(target), await textOf(request));
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(body));
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
