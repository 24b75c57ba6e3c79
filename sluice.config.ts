import { defineConfig } from "@sluice/config";

/** Every field and its default: docs/configuration.md. Every known provider is there by default, once its key is stored. */
export default defineConfig({
  drains: {
    default: { type: "langfuse" },
  },
});
