/** Redacts a text, whatever it says; what is known of where it stands is told by the caller. */
import { redactApiKeys, redactVirtualKeys } from "./detectors/api-key.ts";
import { redactCards } from "./detectors/card.ts";
import type { Detector } from "./detectors/detector.ts";
import { redactEmails } from "./detectors/email.ts";
import { redactIbans } from "./detectors/iban.ts";
import { redactIps } from "./detectors/ip.ts";
import { redactJwts } from "./detectors/jwt.ts";
import { redactPhones } from "./detectors/phone.ts";
import { ownDetectors } from "./own-patterns.ts";
import type { DetectorName, RedactionConfig } from "./redaction-config.ts";

/** Replaces what is private in a text. Redacting twice is the same as once. */
export type RedactText = (text: string) => string;

/** In the order in which they look: the surest first, and the one that takes any digits last. */
const DETECTORS: readonly (readonly [DetectorName, Detector])[] = [
  ["jwt", redactJwts],
  ["api-key", redactApiKeys],
  ["email", redactEmails],
  ["iban", redactIbans],
  ["card", redactCards],
  ["ip", redactIps],
  ["phone", redactPhones],
];

/** Most times that a text is gone over: what is left after a hit may be a hit itself, rarely and hardly ever twice. */
const MOST_PASSES = 4;
/** Texts that no detector but one of the user's own can find anything in. */
const HARMLESS = /^[A-Za-z_]{0,20}$/;

/** The redactor of a drain's config. Own patterns look first, since they know more. Throws on a pattern that cannot be used. */
export function createTextRedactor({ detectors, patterns }: RedactionConfig = {}): RedactText {
  const own = ownDetectors(patterns ?? {});
  const chosen = DETECTORS.filter(([name]) => detectors?.includes(name) ?? true).map(
    ([, detector]) => detector,
  );
  const all = [redactVirtualKeys, ...own, ...chosen];
  return (text) => {
    if (own.length === 0 && HARMLESS.test(text)) return text;
    let redacted = text;
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      const before = redacted;
      redacted = all.reduce((current, detector) => detector(current), before);
      if (redacted === before) break;
    }
    return redacted;
  };
}
