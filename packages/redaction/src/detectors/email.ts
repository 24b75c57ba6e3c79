/** E-mail addresses, also in other scripts and with the `@` as URLs write it. */
import type { Detector } from "./detector.ts";

/** Characters before the `@`, as people have them; the standard knows more of them, which divide addresses in URLs. The longest allowed is 64 (RFC 5321, 4.5.3.1.1). */
const LOCAL_END = /[\p{L}\p{M}\p{N}._%+'-]{1,64}$/u;
/** Labels with dots between, and a top-level domain of letters, or one in Punycode. */
const DOMAIN_START =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,62})\.){1,8}(?:xn--[a-z0-9-]{2,59}|[\p{L}\p{M}]{2,63})/iu;

/** What separates the two parts: the sign itself, as URLs or JSON escape it, or the full-width one. */
const AT = /@|%40|\\u0040|＠/gi;
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;

/** Replaces e-mail addresses by `[email]`. An address without a dot in its domain (`root@localhost`) is none. */
export const redactEmails: Detector = (text) => {
  let redacted = "";
  let done = 0;
  for (const { index, 0: at } of text.matchAll(AT)) {
    if (index < done) continue;
    const before = text.slice(Math.max(done, index - LONGEST_LOCAL), index);
    const local = LOCAL_END.exec(before)?.[0];
    if (local === undefined) continue;
    const after = index + at.length;
    const domain = DOMAIN_START.exec(text.slice(after, after + LONGEST_DOMAIN))?.[0];
    if (domain === undefined) continue;
    redacted += `${text.slice(done, index - local.length)}[email]`;
    done = after + domain.length;
  }
  return redacted + text.slice(done);
};
