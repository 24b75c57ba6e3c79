/** IP addresses, version 4 and 6. */
import { isIPv6 } from "node:net";
import type { Detector } from "./detector.ts";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
/** Browsers' versions in a `user-agent` have four numbers too. */
const V4 = new RegExp(
  `(?<![\\p{L}\\p{N}_]|\\d\\.|(?:Chrom(?:e|ium)|Edge?|OPR|Version|Safari|Firefox|Brave|YaBrowser)/)${OCTET}(?:\\.${OCTET}){3}(?![\\p{L}\\p{N}_]|\\.\\d)`,
  "gu",
);
/** All that an address could be made of, in one piece; whether it is one is decided on the piece. */
const V6_CANDIDATE = /(?<![0-9A-Fa-f:.])[0-9A-Fa-f:.]{3,}/g;
const LONGEST_V6 = 45;

/** Replaces IP addresses by `[ip]`. A zone, a port or the size of a network stays. */
export const redactIps: Detector = (text) =>
  (text.includes(":") ? text.replace(V6_CANDIDATE, redactV6) : text).replace(V4, "[ip]");

function redactV6(candidate: string, offset: number, text: string): string {
  if (candidate.length > LONGEST_V6 + 8) return candidate;
  const [, before = "", address = "", after = ""] =
    // In a word (`address:2001:db8::1`, `std::abs`) the address begins behind the word's colon.
    (/[\p{L}\p{N}_]$/u.test(text.slice(Math.max(0, offset - 2), offset))
      ? /^([^:]*:)([^:].*?)((?<!:):|\.)?$/
      : /^((?::(?!:))?)(.*?)((?<!:):|\.)?$/
    ).exec(candidate) ?? [];
  // `::` alone, or `a::b` in a program, is none.
  return /\d/.test(address) && isIPv6(address) ? `${before}[ip]${after}` : candidate;
}
