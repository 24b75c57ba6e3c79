import {
  type ConversationFormat,
  type Part,
  type Translation,
  type Turn,
  translate,
  UnreadableAnswerError,
} from "@sluice/translate";
import { type AssembledAnswer, asObject, type Choice, parseJson } from "@sluice/wire";
import { describe, expect, test } from "vitest";
import { type CorpusCase, corpusBody, corpusCases, corpusRequest } from "../../support/corpus.ts";
import { atRandomOffsets } from "../../support/delivery.ts";
import { FORMATS, type TestedFormat } from "./formats.ts";
import { readJson, TRANSLATORS } from "./provider.ts";

const cases = corpusCases();

test.runIf(cases === undefined)("the corpus is absent, so no recorded answer is translated", ({ skip }) => {
  expect(cases).toBeUndefined();
  skip("no ../shared/corpus beside the repository, and SLUICE_CORPUS is not set");
});

const names = Object.keys(FORMATS) as ConversationFormat[];
const pairs = names.flatMap((to) => names.filter((from) => from !== to).map((from) => ({ from, to })));

describe.runIf(cases).each(pairs)("answers of $to, told to a caller of $from", ({ from, to }) => {
  const recorded = (cases ?? []).filter(({ endpoint }) => FORMATS[to].endpoints.includes(endpoint));

  test.for(recorded)("$id loses nothing", async (each) => {
    const body = Buffer.from(corpusBody(each));
    const given = assembled(FORMATS[to], [body], each.status);
    const translation = await translate({
      from,
      to,
      body: FORMATS[from].request,
      model: "m",
      callerModel: "m",
      streaming: isStream(each),
      newId: idMaker(),
      nowS: 1,
    });
    const { pieces, status, broken } = tell(translation, each, body);
    const told = assembled(FORMATS[from], pieces, status);
    expect(said(told, given)).toEqual(said(given));
    expect(broken).toBe(given.truncated !== undefined && given.error === undefined);
  });
});

describe.runIf(cases).each(pairs)("requests of $from, told to a provider of $to", ({ from, to }) => {
  // Some bodies were left out of the corpus, with a word in their place.
  const recorded = (cases ?? []).filter(
    (each) => FORMATS[from].endpoints.includes(each.endpoint) && isConversation(corpusRequest(each)),
  );

  test.for(recorded)("what $id says arrives", async (each) => {
    const body = readJson(corpusRequest(each) ?? Buffer.from(""));
    const translation = await translate({
      from,
      to,
      body,
      model: "m",
      callerModel: "m",
      streaming: isStream(each),
      newId: idMaker(),
      nowS: 1,
    });
    const given = TRANSLATORS[from].readRequest(body, () => {});
    const arrived = TRANSLATORS[to].readRequest(readJson(translation.body), () => {});
    const words = texts(arrived.turns.flatMap(({ parts }) => parts)).join("\n");
    const lost = texts(given.turns.flatMap(({ parts }) => parts)).filter((text) => !words.includes(text));
    expect(lost).toEqual([]);
    expect(calls(arrived.turns)).toEqual(calls(given.turns));
    // Bedrock refuses calls of tools that are not declared, so it may get more than the caller named.
    expect(arrived.tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(given.tools.map(({ name }) => name)),
    );
  });
});

function isConversation(request: Uint8Array | undefined): boolean {
  const body = readJson(request ?? Buffer.from(""));
  return Array.isArray(body["messages"] ?? body["contents"]) || body["input"] !== undefined;
}

/** What the parts say in words, a tool's results included. */
function texts(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part) => {
    if (part.kind === "tool_result") return texts(part.parts);
    // Bedrock refuses blank text, which says nothing.
    return part.kind === "text" ? [part.text.trim()] : [];
  });
}

function calls(turns: readonly Turn[]): readonly unknown[] {
  return turns
    .flatMap(({ parts }) => parts)
    .flatMap((part) => (part.kind === "tool_call" ? [[part.name, parseJson(part.arguments)]] : []));
}

/** What the caller gets, as the gateway would send it. */
function tell(translation: Translation, each: CorpusCase, body: Buffer) {
  if (each.status >= 400) {
    return { pieces: [translation.error(body, each.status, {})], status: each.status, broken: false };
  }
  if (isStream(each)) {
    const stream = translation.stream();
    const pieces = atRandomOffsets(body, 1).flatMap((piece) => stream.push(piece));
    const end = stream.end();
    return { pieces: [...pieces, ...end.pieces], status: 200, broken: end.broken };
  }
  try {
    return { pieces: [translation.answer(body)], status: 200, broken: false };
  } catch (error) {
    if (!(error instanceof UnreadableAnswerError)) throw error;
    return { pieces: [error.body], status: error.error.status, broken: false };
  }
}

function isStream({ file }: CorpusCase): boolean {
  return file.endsWith(".sse") || file.endsWith(".eventstream");
}

function assembled(format: TestedFormat, pieces: readonly Uint8Array[], status: number): AssembledAnswer {
  const reading = format.assemble(pieces, status);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.value;
}

/**
 * What every format can say of an answer, in one way of saying it: an error says that alone. Of several choices it is the first. Formats that must
 * give a usage make one of zeros: it counts where `given` has one.
 */
function said(
  { choices, usage, error }: AssembledAnswer,
  given: Partial<AssembledAnswer> = { ...(usage && { usage }) },
) {
  if (error) return { error: error.message };
  const choice = choices.find(({ index }) => index === 0);
  return {
    text: saidText(choice),
    thought: withoutSpace(choice?.reasoning || detailsText(choice)),
    calls: choice?.toolCalls.map((call) => [call.name, readArguments(call.arguments)]),
    ...(given.usage && {
      input: usage?.inputTokens,
      cacheRead: usage?.cacheReadTokens ?? 0,
      output: usage?.outputTokens,
    }),
  };
}

/** A refusal is text where the format has no refusals; an image is a link where it has no images. */
function saidText(choice: Choice | undefined): string {
  return `${choice?.text ?? ""}${choice?.refusal ?? ""}`.replaceAll(/!\[image\]\(data:[^)]*\)/g, "");
}

function detailsText(choice: Choice | undefined): string {
  return (choice?.reasoningDetails ?? []).map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** Formats join the parts of a summary with blank lines or without. */
function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, "");
}

/** Text that is no JSON (custom tools, half an answer) becomes the one argument of a call where arguments are an object. */
function readArguments(text: string): unknown {
  const read = parseJson(text || "{}") ?? { input: text };
  const members = Object.entries(asObject(read) ?? {});
  const [only] = members;
  return members.length === 1 && (only?.[0] === "input" || only?.[0] === "arguments") ? only[1] : read;
}

function idMaker(): (prefix: string) => string {
  let made = 0;
  return (prefix) => {
    made += 1;
    return `${prefix}${made}`;
  };
}
