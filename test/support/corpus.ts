/**
 * The recorded answers of real providers, read from `SLUICE_CORPUS` or `../shared/corpus` beside the
 * repository. They are no part of it: where they are absent, their tests are skipped.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One recorded answer, as the corpus's index lists it. */
export interface CorpusCase {
  readonly id: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly streaming: boolean;
  readonly status: number;
  /** Names as the provider wrote them. */
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly outcome: "ok" | "http_error" | "stream_error";
  readonly file: string;
  readonly requestFile?: string;
  readonly expectedFile?: string;
}

/** What an independent reader found in the answer; see the corpus's README. */
export interface Expected {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly ExpectedChoice[];
  readonly embeddings?: readonly { readonly index: number; readonly dim: number }[];
  readonly usage?: ExpectedUsage;
  readonly error?: {
    readonly type: string | null;
    readonly code: string | number | null;
    readonly message: string;
  };
}

export interface ExpectedChoice {
  readonly index: number;
  readonly text: string;
  readonly refusal: string | null;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string | null; readonly name: string; readonly args: string }[];
  readonly finish: string | null;
  readonly logprobs: number;
}

/** `input` is uncached input, `output` includes `reasoning`. */
export interface ExpectedUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly inputTotal: number;
  readonly output: number;
  readonly reasoning: number | null;
  readonly total: number;
  /** The model calls that the provider billed, when there were several. */
  readonly billing?: readonly Pick<ExpectedUsage, "input" | "cacheRead" | "cacheWrite" | "output">[];
}

const directory = process.env["SLUICE_CORPUS"] ?? join(import.meta.dirname, "../../../shared/corpus");

/** Every case; undefined when there is no corpus. */
export function corpusCases(): readonly CorpusCase[] | undefined {
  const index = join(directory, "index.json");
  if (!existsSync(index)) return undefined;
  return (JSON.parse(readFileSync(index, "utf8")) as { cases: CorpusCase[] }).cases;
}

/** The recorded body. */
export function corpusBody({ file }: CorpusCase): Uint8Array {
  return readFileSync(join(directory, file));
}

/** The recorded request's body, where there is one. */
export function corpusRequest({ requestFile }: CorpusCase): Uint8Array | undefined {
  return requestFile === undefined ? undefined : readFileSync(join(directory, requestFile));
}

/**
 * What the answer says. Undefined when the corpus has nothing for this case: some files named in the index
 * hold the expectation of another recording (a stream and a JSON body that share a name), as their own id says.
 */
export function corpusExpectation({ id, expectedFile }: CorpusCase): Expected | undefined {
  if (expectedFile === undefined) return undefined;
  const file = JSON.parse(readFileSync(join(directory, expectedFile), "utf8")) as {
    id: string;
    expected: Expected;
  };
  return file.id === id ? file.expected : undefined;
}
