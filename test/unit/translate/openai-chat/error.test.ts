import { describe, expect, test } from "vitest";
import { openAiChat } from "../../../../packages/translate/src/openai-chat/index.ts";

describe("an error's body is read", () => {
  test.each<readonly [string, number, string, object]>([
    [
      "OpenAI's",
      429,
      '{"error":{"message":"slow","type":"requests","param":null,"code":"rate_limit_exceeded"}}',
      { message: "slow", status: 429, type: "requests", code: "rate_limit_exceeded" },
    ],
    [
      "with the field at fault",
      400,
      '{"error":{"message":"bad","type":"invalid_request_error","param":"messages","code":null}}',
      { message: "bad", status: 400, type: "invalid_request_error", param: "messages" },
    ],
    [
      "a number for a code",
      404,
      '{"error":{"message":"no","code":404}}',
      { message: "no", status: 404, code: "404" },
    ],
    ["only a message", 500, '{"message":"oops"}', { message: "oops", status: 500 }],
    ["a text (Ollama)", 404, '{"error":"model not found"}', { message: "model not found", status: 404 }],
    [
      "a list (Gemini)",
      400,
      '[{"error":{"message":"bad","code":400}}]',
      { message: "bad", status: 400, code: "400" },
    ],
    [
      "an inner error (Azure)",
      400,
      '{"error":{"message":"filtered","innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
      { message: "filtered", status: 400, code: "ResponsibleAIPolicyViolation" },
    ],
    ["FastAPI's", 422, '{"detail":[]}', { message: "The provider answered with status 422.", status: 422 }],
    [
      "a page",
      502,
      "<html>Bad gateway</html>",
      { message: "The provider answered with status 502.", status: 502 },
    ],
    ["plain words", 503, "busy", { message: "The provider answered with status 503. busy", status: 503 }],
    ["nothing", 500, "", { message: "The provider answered with status 500.", status: 500 }],
  ])("%s", (_, status, body, expected) => {
    expect(openAiChat.readError(body, status, {})).toEqual(expected);
  });
});

describe("an error is written with OpenAI's word for its kind", () => {
  test.each<readonly [number, string | undefined, string, string | null]>([
    [400, undefined, "invalid_request_error", null],
    [401, "authentication_error", "authentication_error", null],
    [403, "AccessDeniedException", "permission_error", "AccessDeniedException"],
    [404, "NOT_FOUND", "not_found_error", "NOT_FOUND"],
    [429, "ThrottlingException", "rate_limit_error", "ThrottlingException"],
    [500, undefined, "server_error", null],
    [529, "overloaded_error", "server_error", "overloaded_error"],
  ])("%i %s", (status, type, expected, code) => {
    const error = { message: "m", status, ...(type !== undefined && { type }) };
    expect(openAiChat.writeError(error)).toEqual({
      error: { message: "m", type: expected, param: null, code },
    });
  });
});
