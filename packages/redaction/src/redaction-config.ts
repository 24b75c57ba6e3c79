/** How the content of calls is redacted; the part of a drain's config that is about it. */

/** What is found without being told how it looks. */
export type DetectorName = "email" | "phone" | "card" | "iban" | "ip" | "api-key" | "jwt";

/** How content is redacted. */
export interface RedactionConfig {
  /** What is found. Default: everything. */
  readonly detectors?: readonly DetectorName[];
  /** What else is found: a name that is shown in place of a hit, and a regular expression in the syntax of RE2. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** Whether users are shown by a hash of their id, in every capture mode. Default false. */
  readonly hashUserIds?: boolean;
}
