/** Private keys in PEM (RFC 7468). */
import type { Detector } from "./detector.ts";

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** What a key that has no end consists of. */
const REST = /[\w+/=:,.\s\\-]*/y;

/** Replaces private keys by `[api-key]`, also one that breaks off. */
export const redactPrivateKeys: Detector = (text) => {
  let redacted = "";
  let done = 0;
  let hasEnd = true;
  for (const { index, 0: begin } of text.matchAll(BEGIN)) {
    if (index < done) continue;
    redacted += `${text.slice(done, index)}[api-key]`;
    END.lastIndex = index;
    // Asked in vain once, it need not be asked again.
    const end: RegExpExecArray | null = hasEnd ? END.exec(text) : null;
    hasEnd = end !== null;
    REST.lastIndex = index + begin.length;
    done = end ? end.index + end[0].length : index + begin.length + (REST.exec(text)?.[0].length ?? 0);
  }
  return redacted + text.slice(done);
};
