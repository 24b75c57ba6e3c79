import {
  type AssembledAnswer,
  type AssembledRequest,
  assembleChatAnswer,
  assembleCompletionsAnswer,
  assembleConverseAnswer,
  assembleCountTokensAnswer,
  assembleEmbeddingsAnswer,
  assembleGeminiAnswer,
  assembleInvokeAnswer,
  assembleMessagesAnswer,
  assembleResponsesAnswer,
  type Reading,
  readChatRequest,
  readCompletionsRequest,
  readConverseRequest,
  readEmbeddingsRequest,
  readGeminiEmbeddingsRequest,
  readGeminiRequest,
  readMessagesRequest,
  readPlainRequest,
  readResponsesRequest,
} from "@sluice/wire";
import { describe, expect, test } from "vitest";
import {
  type CorpusCase,
  corpusBody,
  corpusCases,
  corpusExpectation,
  corpusRequest,
  type Expected,
} from "../../support/corpus.ts";
import { atRandomOffsets, byteByByte, withBomAndComments, withCrlf } from "../../support/delivery.ts";
import { asExpected, comparable } from "./assembled-as-expected.ts";
import { asComparable, bedrockAsExpected } from "./bedrock-as-expected.ts";
import { comparableGemini, geminiAsExpected, WRONG_GEMINI_EXPECTATIONS } from "./gemini-as-expected.ts";
import { comparableMessage, countAsExpected, messageAsExpected } from "./message-as-expected.ts";

interface EndpointReader {
  readonly answer: (pieces: readonly Uint8Array[], status: number) => Reading<AssembledAnswer>;
  readonly request: (body: Uint8Array) => Reading<AssembledRequest>;
  /** How the two sides of the comparison are put, where the corpus says more of the format than of every other. */
  readonly asExpected?: (answer: AssembledAnswer) => object;
  readonly comparable?: (expected: Expected) => object;
  /** Ids of cases whose expectation is wrong, with the reason. */
  readonly wrong?: ReadonlyMap<string, string>;
}

const gemini: EndpointReader = {
  answer: assembleGeminiAnswer,
  request: readGeminiRequest,
  asExpected: geminiAsExpected,
  comparable: comparableGemini,
  wrong: WRONG_GEMINI_EXPECTATIONS,
};

const bedrock = { asExpected: bedrockAsExpected, comparable: asComparable };

/** The readers of each endpoint of the corpus; a new format adds its line. */
const READERS: Readonly<Record<string, EndpointReader>> = {
  chat: { answer: assembleChatAnswer, request: readChatRequest },
  completions: { answer: assembleCompletionsAnswer, request: readCompletionsRequest },
  responses: { answer: assembleResponsesAnswer, request: readResponsesRequest },
  embeddings: { answer: assembleEmbeddingsAnswer, request: readEmbeddingsRequest },
  messages: {
    answer: assembleMessagesAnswer,
    request: readMessagesRequest,
    asExpected: messageAsExpected,
    comparable: comparableMessage,
  },
  converse: { answer: assembleConverseAnswer, request: readConverseRequest, ...bedrock },
  "converse-stream": { answer: assembleConverseAnswer, request: readConverseRequest, ...bedrock },
  invoke: { answer: assembleInvokeAnswer, request: readPlainRequest, ...bedrock },
  "invoke-with-response-stream": { answer: assembleInvokeAnswer, request: readPlainRequest, ...bedrock },
  count_tokens: {
    answer: assembleCountTokensAnswer,
    request: readMessagesRequest,
    asExpected: countAsExpected,
  },
  generateContent: gemini,
  streamGenerateContent: gemini,
  embedContent: { ...gemini, request: readGeminiEmbeddingsRequest },
  batchEmbedContents: { ...gemini, request: readGeminiEmbeddingsRequest },
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
    if (!expected || Object.keys(expected).length === 0) {
      skip("the corpus holds no expectation, or that of another recording under its name");
      return;
    }
    const wrong = reader.wrong?.get(recorded.id);
    if (wrong !== undefined) {
      skip(wrong);
      return;
    }
    expect(describeAnswer(answer.value, recorded, reader.asExpected ?? asExpected)).toEqual(
      (reader.comparable ?? comparable)(expected),
    );
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
function describeAnswer(
  answer: AssembledAnswer,
  { status }: CorpusCase,
  describeWhole: (answer: AssembledAnswer) => object,
): object {
  const { error } = asExpected(answer);
  return status >= 400 && error ? { error } : describeWhole(answer);
}

function deliveries(recorded: CorpusCase): readonly (readonly Uint8Array[])[] {
  const body = corpusBody(recorded);
  const cut = [byteByByte(body), atRandomOffsets(body, 1), atRandomOffsets(body, 2)];
  // A binary body has no line ends to change.
  if (recorded.file.endsWith(".eventstream")) return cut;
  const inPieces = [...cut, [withCrlf(body)]];
  if (!recorded.file.endsWith(".sse")) return inPieces;
  const decorated = withBomAndComments(body);
  return [...inPieces, [decorated], atRandomOffsets(withCrlf(decorated), 3)];
}
