/** Keys of common services, and whatever stands where a key stands. */
import type { Detector } from "./detector.ts";
import { redactPrivateKeys } from "./private-key.ts";

const SHOWN = "[api-key]";

/** Sluice's virtual keys. Found in every capture mode, whatever the drain's detectors. */
const VIRTUAL_KEY = /sk-sluice-[A-Za-z0-9_-]+/gi;

/** Replaces Sluice's own keys by `[api-key]`. */
export const redactVirtualKeys: Detector = (text) => text.replace(VIRTUAL_KEY, SHOWN);

/** Keys that can be told by their form, as their services document it or secret scanners know it. */
const FORMS = [
  // AWS: access key ids, Bedrock's keys
  "(?:AKIA|ASIA|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
  "ABSK[A-Za-z0-9+/]{40,}={0,2}",
  "bedrock-api-key-[A-Za-z0-9+/=_-]{20,}",
  // Google: API keys, OAuth
  "AIza[A-Za-z0-9_-]{30,}",
  "ya29\\.[A-Za-z0-9_-]{20,}",
  "GOCSPX-[A-Za-z0-9_-]{20,}",
  // GitHub, GitLab
  "gh[pousr]_[A-Za-z0-9]{20,}",
  "github_pat_[A-Za-z0-9_]{20,}",
  "gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_-]{20,}",
  // Slack
  "xox[a-z](?:\\.xox[a-z])?-[A-Za-z0-9-]{10,}",
  "xapp-[A-Za-z0-9-]{10,}",
  "hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{10,}",
  // Stripe
  "[srp]k_(?:live|test)_[A-Za-z0-9]{10,}",
  "whsec_[A-Za-z0-9+/=]{20,}",
  // Other providers of models
  "gsk_[A-Za-z0-9]{20,}",
  "xai-[A-Za-z0-9]{20,}",
  "pplx-[A-Za-z0-9]{20,}",
  "hf_[A-Za-z0-9]{20,}",
  "r8_[A-Za-z0-9]{20,}",
  "fw_[A-Za-z0-9]{20,}",
  "csk-[A-Za-z0-9]{20,}",
  "nvapi-[A-Za-z0-9_-]{20,}",
  "tgp_v1_[A-Za-z0-9_-]{20,}",
  // Other services that agents are given keys of
  "npm_[A-Za-z0-9]{30,}",
  "pypi-[A-Za-z0-9_-]{30,}",
  "SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}",
  "dop_v1_[a-f0-9]{40,}",
  "dapi[a-f0-9]{32}",
  "lin_api_[A-Za-z0-9]{30,}",
  "ntn_[A-Za-z0-9]{30,}",
  "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
  "sntr(?:ys|yu)_[A-Za-z0-9+/=_-]{30,}",
  "hvs\\.[A-Za-z0-9_-]{20,}",
  "AGE-SECRET-KEY-1[A-Z0-9]{40,}",
];
const KNOWN_FORM = new RegExp(`(?<![A-Za-z0-9])(?:${FORMS.join("|")})`, "g");

/** `sk-…` of OpenAI, Anthropic, OpenRouter, DeepSeek …, and Langfuse's pair; `*` where a message masks the middle. */
const DASHED = /(?<![A-Za-z0-9])[sp]k-[A-Za-z0-9_*-]{6,}/g;

/** What stands behind the word in a header. */
const AUTHORIZATION = /(?<![A-Za-z])((?:Bearer|Basic|Bot)\s{1,4}|Token\s{1,4}token=)([\w.~+/=:-]{8,})/gi;

/** Names of secrets, as variables, headers and members are called. */
const SECRET_NAME =
  "(?:pass(?:word|wd|phrase|wort|code)|pwd|kennwort|(?:[a-z0-9]{1,20}[_-]){0,3}(?:api|access|secret|private|signing|encryption|account|auth|shared|subscription)[ _-]?(?:key|token|secret)(?:[_-]?id)?|(?:client|app|webhook)[_-]?secret|(?:refresh|session|security|bearer|id)[_-]?token|(?:aws)?secretaccesskey|x-api-key|api-key|authorization|secret|pin)";
const ASSIGNED = new RegExp(
  `(?<![A-Za-z0-9])(${SECRET_NAME}\\\\?["']?(?: is| lautet)?\\s{0,3}(?:[:=]|=>|\\s)\\s{0,3}\\\\?["']?)([^\\s"'\x60\\\\,;<>{}\\[\\]()]{4,})`,
  "gi",
);
const NAMED_SECRET = new RegExp(`^(?:[a-z0-9]{1,20}[_-]){0,3}${SECRET_NAME}$`, "i");

/** Forty characters of base64 after a word that says whose they are: a secret access key of AWS. */
const AWS_SECRET =
  /((?:aws|amazon|secret|\[api-key\])[^\n]{0,60}?[\s"'=:,|])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi;

/** The password of a URL. */
const URL_PASSWORD = /((?<![a-z0-9])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]{0,128}:)([^\s@/]{1,256})@/gi;

/** Replaces keys, tokens, passwords beside their names, and private keys by `[api-key]`. */
export const redactApiKeys: Detector = (text) =>
  redactPrivateKeys(redactVirtualKeys(text))
    .replace(KNOWN_FORM, SHOWN)
    .replace(DASHED, (key) => (/[0-9*]/.test(key) && key.length >= 12 ? SHOWN : key))
    .replace(URL_PASSWORD, `$1${SHOWN}@`)
    .replace(AUTHORIZATION, (hit: string, word: string, secret: string) =>
      /[0-9=]/.test(secret) ? word + SHOWN : hit,
    )
    .replace(ASSIGNED, (hit: string, name: string, secret: string) =>
      isSecret(name, secret) ? name + SHOWN : hit,
    )
    .replace(AWS_SECRET, `$1${SHOWN}`);

/** Whether a member of this name holds a secret, whatever its value looks like. */
export function namesSecret(name: string): boolean {
  return name.length <= 64 && NAMED_SECRET.test(name);
}

/** A word of a sentence ("the password policy", "the secret: patience") is no secret; `password: hunter` is one. */
function isSecret(name: string, secret: string): boolean {
  if (secret.startsWith("[") || /^(?:null|none|true|false|undefined|string|Bearer|Basic)$/i.test(secret))
    return false;
  const start = secret.slice(0, 200);
  if (!/[:=]/.test(name)) return /(?=.*\d)(?=.*[A-Za-z])/.test(start);
  return /^(?:pass|pwd|kennwort|pin)/i.test(name) || !/^[a-z-]+$/.test(start);
}
