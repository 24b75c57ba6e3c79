/** Langfuse's public API, as far as the command line asks it (Langfuse API reference; server 4.16). */
import { asList, asObject, asText, parseJson } from "@sluice/wire";
import * as z from "zod";
import { messageIn, type Probe, type Unanswered } from "../http-probe.ts";
import {
  type ReadObservation,
  readLangfuseTrace,
  readObservationsPage,
  readSinkTrace,
  traceOf,
} from "../traces/read-trace.ts";
import type { TraceDocument } from "../traces/trace-document.ts";

/** What is known of a server. */
export interface LangfuseServer {
  /** Such as `4.16.0`. */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  /** Whether it is the sink of a local system, which takes what any version takes. */
  readonly isSink: boolean;
}

/** The server said no: the status, and what it said. */
export interface Refused {
  readonly kind: "refused";
  readonly status: number;
  readonly said: string | undefined;
}

/** One project of a server, as its keys show it. */
export interface LangfuseApi {
  /** Asks without keys. `refused` when what answers is no Langfuse. */
  health(): Promise<{ readonly kind: "server"; readonly server: LangfuseServer } | Refused | Unanswered>;
  /** The projects of the keys: one, for keys of a project. */
  projects(): Promise<
    { readonly kind: "projects"; readonly names: readonly string[] } | Refused | Unanswered
  >;
  /** A trace as far as it has arrived; undefined when nothing has. */
  trace(
    id: string,
  ): Promise<{ readonly kind: "trace"; readonly trace: TraceDocument | undefined } | Refused | Unanswered>;
}

/** Most observations of a trace that are read. */
const MAX_PAGES = 20;
const PAGE = 100;
const FIELDS = "core,basic,time,io,metadata,model,usage,trace_context";

/** The API at a base URL. `authorization` is the header's value. */
export function createLangfuseApi(baseUrl: string, authorization: string, probe: Probe): LangfuseApi {
  const get = async (path: string) => await probe(`${baseUrl}${path}`, { headers: { authorization } });
  const api: LangfuseApi = {
    async health() {
      const answer = await probe(`${baseUrl}/api/public/health`);
      if (answer.kind === "unanswered") return answer;
      const version = asText(asObject(parseJson(answer.body))?.["version"]);
      const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? "") ?? [];
      if (version === undefined || major === undefined || answer.status >= 300) {
        return { kind: "refused", status: answer.status, said: messageIn(answer.body) };
      }
      const isSink = version.endsWith("-sluice");
      return { kind: "server", server: { version, major: Number(major), minor: Number(minor), isSink } };
    },
    async projects() {
      const answer = await get("/api/public/projects");
      if (answer.kind === "unanswered") return answer;
      if (answer.status !== 200) {
        return { kind: "refused", status: answer.status, said: messageIn(answer.body) };
      }
      const data = asList(asObject(parseJson(answer.body))?.["data"]);
      return { kind: "projects", names: data.flatMap((one) => asText(asObject(one)?.["name"]) ?? []) };
    },
    trace: (id) => readable(() => traceBy(id)),
  };

  async function traceBy(id: string): ReturnType<LangfuseApi["trace"]> {
    const path = encodeURIComponent(id);
    const found = await observationsOf(id, get);
    if (found.kind !== "refused") return found;
    // Servers before v4 have no such API, and those of v4 may have no other.
    const answer = await get(`/api/public/traces/${path}`);
    if (answer.kind === "unanswered") return answer;
    if (answer.status === 200) return { kind: "trace", trace: readLangfuseTrace(parseJson(answer.body)) };
    if (answer.status !== 404) {
      return { kind: "refused", status: answer.status, said: messageIn(answer.body) };
    }
    const sink = await get(`/traces/${path}`);
    if (sink.kind === "answered" && sink.status === 200 && asObject(parseJson(sink.body))?.["spans"]) {
      return { kind: "trace", trace: readSinkTrace(parseJson(sink.body)) };
    }
    return { kind: "trace", trace: undefined };
  }
  return api;
}

/** An answer in another form than is known says as little as none. */
async function readable(read: () => ReturnType<LangfuseApi["trace"]>): ReturnType<LangfuseApi["trace"]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return { kind: "refused", status: 200, said: "an answer in a form that is not known" };
  }
}

async function observationsOf(
  id: string,
  get: (path: string) => ReturnType<Probe>,
): ReturnType<LangfuseApi["trace"]> {
  const all: ReadObservation[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({
      traceId: id,
      fields: FIELDS,
      limit: String(PAGE),
      ...(cursor !== undefined && { cursor }),
    });
    const answer = await get(`/api/public/v2/observations?${query.toString()}`);
    if (answer.kind === "unanswered") return answer;
    if (answer.status !== 200) {
      return { kind: "refused", status: answer.status, said: messageIn(answer.body) };
    }
    const { observations, cursor: next } = readObservationsPage(parseJson(answer.body));
    all.push(...observations);
    if (next === undefined) break;
    cursor = next;
  }
  return { kind: "trace", trace: traceOf(id, all) };
}
