/**
 * Patterns of the user's own. They run in RE2's engine, which takes time in proportion to the text for every expression that it
 * accepts: no check of an expression for JavaScript's engine could promise as much.
 */
import { RE2JS } from "re2js";
import type { Detector } from "./detectors/detector.ts";

/** Detectors of the patterns, in their order; a hit is shown as the pattern's name in brackets. Throws on one that RE2 does not know. */
export function ownDetectors(patterns: Readonly<Record<string, string>>): readonly Detector[] {
  return Object.entries(patterns).map(([name, pattern]) => {
    const expression = compile(name, pattern);
    // An expression may match between two characters (`\\b`): nothing is there to be replaced.
    const shown = (hit: string) => (hit === "" ? "" : `[${name}]`);
    return (text) => expression.matcher(text).replaceAll(shown);
  });
}

function compile(name: string, pattern: string): RE2JS {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `redaction.patterns.${name} is no regular expression that RE2 takes, which has no lookaround and no backreferences: ${reason}`,
      { cause: error },
    );
  }
  if (expression.matcher("").find()) {
    throw new Error(
      `redaction.patterns.${name} matches the empty text, so that nothing could be told from it: ask for at least one character.`,
    );
  }
  return expression;
}
