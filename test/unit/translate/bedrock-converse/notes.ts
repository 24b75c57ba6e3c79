import type { Conversation, Note, Unsupported } from "@sluice/translate";

/** A `Note` that keeps what it is told. */
export function createNotes(): { readonly note: Note; readonly notes: Unsupported[] } {
  const notes: Unsupported[] = [];
  return { note: (unsupported) => notes.push(unsupported), notes };
}

export const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/** A request that says as little as one can. */
export const MINIMAL: Conversation = {
  model: CLAUDE,
  turns: [{ role: "user", parts: [{ kind: "text", text: "Hello" }] }],
  tools: [],
  stop: [],
  sampling: {},
  stream: false,
  streamUsage: true,
};
