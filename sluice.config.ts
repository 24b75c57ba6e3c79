import { defineConfig } from "@sluice/config";

/** Every field and its default: docs/configuration.md. */
export default defineConfig({
  providers: {
    openai: {},
  },
  drains: {
    default: { type: "langfuse" },
  },
});
