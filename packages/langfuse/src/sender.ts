/** Sends one request after the other for an export, with credentials that are read when they are needed. */
import { CredentialsError } from "./credentials.ts";
import type { SendVerdict } from "./export-in-requests.ts";
import type { PostResult } from "./export-policy.ts";
import type { Post } from "./http-post.ts";

/** What a sender is made of. */
export interface SenderOptions {
  readonly url: URL;
  readonly post: Post;
  /** All headers of a request. `fresh`: with credentials read anew. May throw `CredentialsError`, and what a store throws. */
  headers(fresh: boolean): Promise<Readonly<Record<string, string>>>;
  /** Statuses that say that the credentials are wrong. */
  readonly refusedStatuses: readonly number[];
}

/** Sends a body of so many traces and says what came of it; never rejects. */
export type Send = (
  body: Uint8Array | Promise<Uint8Array>,
  judge: (result: PostResult) => SendVerdict,
) => Promise<SendVerdict>;

/** A sender for one export: credentials that are refused are read anew once for it. */
export function createSender({ url, post, headers, refusedStatuses }: SenderOptions): Send {
  let refreshed = false;
  return async (body, judge) => {
    try {
      const bytes = await body;
      let result = await post(url, await headers(false), bytes);
      if (!refreshed && result.kind === "answered" && refusedStatuses.includes(result.status)) {
        refreshed = true;
        result = await post(url, await headers(true), bytes);
      }
      return judge(result);
    } catch (error) {
      if (error instanceof CredentialsError) {
        return { kind: "retry", reason: error.message, refusal: error.refusal, halts: true };
      }
      const why = error instanceof Error ? error.message : String(error);
      return { kind: "retry", reason: `The export could not be sent: ${why}`, halts: true };
    }
  };
}
