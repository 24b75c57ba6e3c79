import { observe } from "@sluice/flusher";
import { describe, expect, test } from "vitest";
import { answer, chatRecord } from "../../support/records.ts";

describe("observing a call that is no conversation", () => {
  test("takes the content types of both bodies into account", async () => {
    const form = new FormData();
    form.append("model", "whisper-1");
    form.append("file", new File(["abc"], "a.wav", { type: "audio/wav" }));
    const request = new Request("http://localhost", { method: "POST", body: form });
    const call = observe({
      ...chatRecord({
        answer: answer("data: is plural.", { headers: { "content-type": "text/plain; charset=utf-8" } }),
      }),
      endpoint: "audio.transcriptions",
      request: {
        contentType: request.headers.get("content-type") ?? "",
        body: new Uint8Array(await request.arrayBuffer()),
      },
    });
    expect(call.request).toMatchObject({
      kind: "read",
      value: { model: "whisper-1", input: { media_type: "audio/wav", bytes: 3, filename: "a.wav" } },
    });
    expect(call.answer).toMatchObject({ kind: "read", value: { output: "data: is plural." } });
  });

  test("shows a sound by its hash, not as bytes that could not be read", () => {
    const call = observe({
      ...chatRecord({
        answer: answer(Buffer.from([0xff, 0xfb, 0x90]), { headers: { "content-type": "audio/mpeg" } }),
      }),
      endpoint: "audio.speech",
    });
    expect(call.answer).toMatchObject({
      kind: "read",
      value: { output: { type: "media", media_type: "audio/mpeg", bytes: 3 } },
    });
  });
});
