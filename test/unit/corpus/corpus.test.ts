import {
  assembleChatAnswer,
  assembleEmbeddingsAnswer,
  readChatRequest,
  readEmbeddingsRequest,
} from "@sluice/wire";
import { describe, expect, test } from "vitest";
import {
  type CorpusCase,
  corpusBody,
  corpusCases,
  corpusExpectation,
  corpusRequest,
} from "../../support/corpus.ts";
import { atRandomOffsets, byteByByte, withBomAndComments, withCrlf } from "../../support/delivery.ts";
import { asExpected, comparable } from "./assembled-as-expected.ts";

/** The readers of each endpoint of the corpus; a new format adds its line. */
const READERS = {
  chat: { answer: assembleChatAnswer, request: readChatRequest },
  embeddings: { answer: assembleEmbeddingsAnswer, request: readEmbeddingsRequest },
};

const cases = corpusCases();

test.runIf(cases === undefined)(
  "the corpus is absent, so nothing is checked against recorded answers",
  ({ skip }) => {
    expect(cases).toBeUndefined();
    skip("no ../shared/corpus beside the repository, and SLUICE_CORPUS is not set");
  },
);

describe.runIf(cases).each(Object.entries(READERS))("recorded answers of %s", (endpoint, reader) => {
  const ofEndpoint = (cases ?? []).filter((each) => each.endpoint === endpoint);

  test.for(ofEndpoint)("$id is put together as expected", (recorded, { skip }) => {
    const answer = reader.answer([corpusBody(recorded)], recorded.status);
    if (!answer.ok) throw new Error(answer.reason);
    const expected = corpusExpectation(recorded);
    if (!expected) {
      skip("the corpus holds the expectation of another recording under its name");
      return;
    }
    expect(describeAnswer(answer.value, recorded)).toEqual(comparable(expected));
  });

  test.for(ofEndpoint)("$id reads alike, however it is delivered", (recorded) => {
    const whole = reader.answer([corpusBody(recorded)], recorded.status);
    for (const pieces of deliveries(recorded)) {
      expect(reader.answer(pieces, recorded.status)).toEqual(whole);
    }
  });

  test.each(ofEndpoint.filter(({ requestFile }) => requestFile !== undefined))(
    "the request of $id is read",
    (recorded) => {
      const body = corpusRequest(recorded);
      const request = reader.request(body ?? new Uint8Array());
      expect(request.ok).toBe(true);
    },
  );
});

/** A failed answer is compared by its error alone: the expectation says nothing else. */
function describeAnswer(answer: Parameters<typeof asExpected>[0], { status }: CorpusCase) {
  const described = asExpected(answer);
  return status >= 400 && described.error ? { error: described.error } : described;
}

function deliveries(recorded: CorpusCase): readonly (readonly Uint8Array[])[] {
  const body = corpusBody(recorded);
  const inPieces = [byteByByte(body), atRandomOffsets(body, 1), atRandomOffsets(body, 2), [withCrlf(body)]];
  if (!recorded.file.endsWith(".sse")) return inPieces;
  const decorated = withBomAndComments(body);
  return [...inPieces, [decorated], atRandomOffsets(withCrlf(decorated), 3)];
}
