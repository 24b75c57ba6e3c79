/** Langfuse's media API for `startLangfuseEndpoint`: it names a place for each content that it has not got, on the endpoint itself. */
import type { Decide, ReceivedExport } from "./langfuse-endpoint.ts";

/** What the API was asked. */
export interface MediaEndpoint {
  readonly decide: Decide;
  /** Ids of the files that were asked for, and by which observation. */
  readonly asked: readonly { readonly id: string; readonly observationId: string; readonly field: string }[];
  /** Ids of the files whose bytes were put, in that order. */
  readonly put: readonly string[];
  /** Ids of the files whose upload was told to have succeeded. */
  readonly confirmed: ReadonlySet<string>;
}

const API = "/api/public/media";
const PLACE = "/storage/";

/** An API that answers as Langfuse does, unless `fail` decides on a request. */
export function mediaEndpoint(fail: Decide = () => undefined): MediaEndpoint {
  const asked: MediaEndpoint["asked"][number][] = [];
  const put: string[] = [];
  const confirmed = new Set<string>();
  const answer = ({ path, body, headers }: ReceivedExport) => {
    if (path === API) {
      const fields = JSON.parse(body) as { sha256Hash: string; observationId: string; field: string };
      const id = fields.sha256Hash.replaceAll("+", "-").replaceAll("/", "_").slice(0, 22);
      asked.push({ id, observationId: fields.observationId, field: fields.field });
      const uploadUrl = confirmed.has(id) ? null : `http://${headers.host ?? ""}${PLACE}${id}`;
      return { status: 201, body: JSON.stringify({ mediaId: id, uploadUrl }) };
    }
    if (path.startsWith(PLACE)) {
      put.push(path.slice(PLACE.length));
      return { status: 200 };
    }
    if (!path.startsWith(API)) return undefined;
    const { uploadHttpStatus } = JSON.parse(body) as { uploadHttpStatus: number };
    if (uploadHttpStatus === 200) confirmed.add(path.slice(API.length + 1));
    return { status: 200 };
  };
  return { decide: (request) => fail(request) ?? answer(request), asked, put, confirmed };
}
