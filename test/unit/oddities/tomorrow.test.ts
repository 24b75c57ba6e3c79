/** What a provider adds tomorrow, and what a caller sends that nobody knows yet, passes today: both ways, streaming and not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";

let upstream: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => void response.destroy());
  gateway = await startGateway({
    apiKeys: { it: "sk-provider" },
    config: {
      providers: {
        it: {
          baseUrl: upstream.baseUrl,
          speaks: ["openai-chat", "openai-responses", "anthropic-messages"],
        },
      },
    },
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

const UNKNOWN = '"new_field" : {"deep":[1.0,1e3,"\\u00e9"]}';

/** A format's path, the fields that its requests must have, and the last event of its streams. */
const FORMATS = [
  ["/v1/chat/completions", '"stream_options":{"include_usage":true},"messages":[]', "data: [DONE]\n\n"],
  ["/v1/completions", '"stream_options":{"include_usage":true},"prompt":"a"', "data: [DONE]\n\n"],
  [
    "/v1/responses",
    '"input":"a"',
    `event: response.completed\ndata: {"type":"response.completed",${UNKNOWN},"response":{}}\n\n`,
  ],
  [
    "/v1/messages",
    '"max_tokens":1,"messages":[]',
    `event: message_stop\ndata: {"type":"message_stop",${UNKNOWN}}\n\n`,
  ],
  ["/v1/messages/count_tokens", '"messages":[]', ""],
  ["/v1/embeddings", '"input":"a"', ""],
  ["/v1/moderations", '"input":"a"', ""],
  ["/v1/rerank", '"query":"a","documents":[]', ""],
  ["/v1/images/generations", '"prompt":"a"', ""],
  ["/proxy/it/v9/new/operation", '"input":"a"', "event: new.done\ndata: {}\n\n"],
] as const;

const CALLS = FORMATS.flatMap(([path, fields, lastEvent]) =>
  (lastEvent === "" ? [false] : [false, true]).map((stream) => ({ path, fields, lastEvent, stream })),
);

describe("what nobody knows yet", () => {
  it.each(CALLS)(
    "passes at $path both ways, stream: $stream",
    async ({ path, fields, lastEvent, stream }) => {
      const answer = stream
        ? `event: new.event_type\nid: 7\nretry: 10\nnew-sse-field: x\ndata: {"type":"new.event_type",${UNKNOWN}}\n\n` +
          `data: {${UNKNOWN}}\n\n: a comment\n\ndata: no JSON at all\n\n${lastEvent}`
        : `{ "object":"new_object",${UNKNOWN} }\n`;
      upstream.answer = (_request, response) => {
        response
          .writeHead(stream ? 200 : 203, {
            "content-type": stream ? "text/event-stream; new=1" : "application/json; new=1",
            "x-new-of-provider": "yes",
          })
          .end(answer);
      };
      const sent = upstream.requests.length;
      const body = `{ "model":"m",${fields},"stream":${stream} , ${UNKNOWN} }`;
      const received = await fetch(`${gateway.url}${path}?new_query=1`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${gateway.secret}`,
          "content-type": "application/json; new=1",
          "x-new-of-caller": "yes",
          "anthropic-beta": "new-2030-01-01",
          "openai-beta": "new=v9",
        },
        body,
      });

      expect(await received.text()).toBe(answer);
      expect(received.status).toBe(stream ? 200 : 203);
      expect(received.headers.get("x-new-of-provider")).toBe("yes");
      expect(received.headers.get("content-type")).toMatch(/; new=1$/);
      const [request] = upstream.requests.slice(sent);
      expect(request).toMatchObject({
        body,
        path: expect.stringMatching(/\?new_query=1$/) as string,
        headers: {
          "content-type": "application/json; new=1",
          "x-new-of-caller": "yes",
          "anthropic-beta": "new-2030-01-01",
          "openai-beta": "new=v9",
        },
      });
      expect(Buffer.from(gateway.records.at(-1)?.answer?.body ?? []).toString("utf8")).toBe(answer);
    },
  );
});
