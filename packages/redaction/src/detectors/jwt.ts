/** JSON Web Tokens (RFC 7519): a header that begins with `{"`, in base64url, and one to four more parts. */
import type { Detector } from "./detector.ts";

const JWT = /(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g;
const SHORTEST_PAYLOAD = 4;

/** Replaces tokens by `[jwt]`. */
export const redactJwts: Detector = (text) =>
  text.replace(JWT, (token) => {
    const payload = token.split(".").slice(1);
    return payload.some((part) => part.length >= SHORTEST_PAYLOAD) ? "[jwt]" : token;
  });
