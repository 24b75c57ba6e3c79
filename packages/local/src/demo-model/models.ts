/** The models that the demo model plays, as each provider would list them. */
import type { ConversationFormat } from "@sluice/translate";

const CREATED_S = 1_700_000_000;

/** By provider. One that is not here lists none: any name is answered all the same. */
const MODELS: Readonly<Record<string, readonly string[]>> = {
  openai: [
    "gpt-4o",
    "gpt-4o-mini",
    "text-embedding-3-large",
    "text-embedding-3-small",
    "gpt-image-1",
    "gpt-4o-mini-tts",
    "gpt-4o-transcribe",
    "whisper-1",
    "omni-moderation-latest",
  ],
  anthropic: ["claude-sonnet-5", "claude-haiku-4-5"],
  gemini: ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-embedding-001"],
};

/** The answer of `GET …/models`, in the shape of the provider's API reference. */
export function modelList(provider: string, format: ConversationFormat): object {
  const names = MODELS[provider] ?? [];
  if (format === "gemini-generate-content") {
    return { models: names.map((name) => ({ name: `models/${name}`, displayName: name })) };
  }
  if (provider === "anthropic") {
    const created_at = new Date(CREATED_S * 1000).toISOString();
    const data = names.map((id) => ({ type: "model", id, display_name: id, created_at }));
    return { data, has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null };
  }
  return {
    object: "list",
    data: names.map((id) => ({ id, object: "model", created: CREATED_S, owned_by: "sluice-demo" })),
  };
}
