/** Decimal text as an integer count of its smallest unit, so that no amount passes through binary fractions. */

/**
 * Reads plain decimal text (`-12.5`; no exponent, no sign `+`, no blanks) as an integer of 10^-`decimals`.
 * Undefined when it is no such text, or has more decimals than that and they are not all zero.
 */
export function parseDecimal(text: string, decimals: number): bigint | undefined {
  const match = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match) return undefined;
  const [, sign = "", whole = "", written = ""] = match;
  const fraction = written.replace(/0+$/, "");
  if (fraction.length > decimals) return undefined;
  const magnitude = BigInt(whole + fraction.padEnd(decimals, "0"));
  return sign === "-" ? -magnitude : magnitude;
}

/** The shortest decimal text of an integer of 10^-`decimals`: no trailing zeros, no point without decimals. */
export function formatDecimal(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction && `.${fraction}`}`;
}
