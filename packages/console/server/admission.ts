/** Who may ask, and what a browser may do with the answers. */
import type { IncomingMessage } from "node:http";

/**
 * Nothing comes from elsewhere, and no other page may show, read or post to this one. The page's own styles of elements are set
 * through the DOM, which no `unsafe-inline` is needed for.
 */
export const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/**
 * Why a request is refused, or undefined. A page elsewhere can name this machine's address as its own host (DNS rebinding): its
 * requests then carry that name as `host`. And it can post here without being allowed to read the answer: an action therefore needs
 * JSON, for which a browser would ask first, and an `origin` that is ours where there is one.
 */
export function refuse({ method, headers }: IncomingMessage, port: number): string | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? "")) {
    return `The console answers to http://127.0.0.1:${port} only, not to the host "${headers.host ?? ""}".`;
  }
  const isOwn = headers.origin === undefined || hosts.some((host) => headers.origin === `http://${host}`);
  if (!isOwn) return "Another page may not use the console.";
  if (method === "POST" && headers["content-type"] !== "application/json") {
    return "An action needs the content type application/json.";
  }
  return undefined;
}
