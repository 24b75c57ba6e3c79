/** Reads the values of options. Each reader throws commander's `InvalidArgumentError` with what would be right. */
import { type Picodollars, parseUsd } from "@sluice/prices";
import { InvalidArgumentError } from "commander";
import { parseDuration, parseMoment } from "./duration.ts";

/** Letters, digits and a few signs, so that a name needs no quotes and cannot be taken for an option. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._:@/+-]{0,127}$/u;

/** An alias or a tenant's name. */
export function readName(text: string): string {
  if (text.startsWith("sk-")) {
    throw new InvalidArgumentError("That is a key itself. Name it by its alias.");
  }
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError("A name has letters, digits and . _ : @ / + -, at most 128 characters.");
}

/** An owner, or anything else for people to read. */
export function readText(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > 0 && trimmed.length <= 256 && !/\p{Cc}/u.test(trimmed)) return trimmed;
  throw new InvalidArgumentError("Write one line of 1 to 256 characters.");
}

/** A Langfuse environment (Langfuse documentation, "Environments"). */
export function readEnvironment(text: string): string {
  if (/^(?!langfuse)[a-z0-9_-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError(
    "Langfuse takes lower-case letters, digits, - and _, at most 40, not beginning with langfuse.",
  );
}

/** Names or globs with commas in between. */
export function readList(text: string): readonly string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.every((item) => /^[^\s,]{1,256}$/.test(item))) return items;
  throw new InvalidArgumentError("Write names with commas in between, none of them empty.");
}

/** One `name=value`, beside those before it. */
export function readPair(
  text: string,
  before: Readonly<Record<string, string>> | false | undefined,
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write name=value.");
  return { ...(before || undefined), [text.slice(0, at)]: text.slice(at + 1) };
}

/** An amount of US dollars that is not negative. */
export function readLimit(text: string): Picodollars {
  const amount = readAmount(text);
  if (amount < 0n) throw new InvalidArgumentError("A limit cannot be negative.");
  return amount;
}

/** An amount of US dollars. */
export function readAmount(text: string): Picodollars {
  try {
    return parseUsd(text);
  } catch {
    throw new InvalidArgumentError("Write US dollars as plain decimals, such as 0.50.");
  }
}

/** A whole number, one or more. */
export function readCount(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a whole number, 1 or more.");
}

/** A rate: a whole number, with or without `/s`. */
export function readRate(text: string): number {
  return readCount(text.replace(/\/s$/, ""));
}

/** A share, percent. */
export function readPercent(text: string): number {
  if (/^(?:[1-9]\d?|100)$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a whole number from 1 to 100.");
}

/** A length of time, ms. */
export function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("Write a duration such as 90s, 15m, 24h or 30d.");
}

/** A moment that is still to come, Unix time in ms. */
export function readFutureMoment(text: string, nowMs: number): number {
  const ms = parseMoment(text, nowMs);
  if (ms === undefined) {
    throw new InvalidArgumentError(
      "Write a duration (30d), an ISO date (2027-01-31, from 00:00 UTC), or an ISO time with Z or an offset.",
    );
  }
  if (ms <= nowMs) throw new InvalidArgumentError("That moment has passed. To stop a key at once, block it.");
  return ms;
}
