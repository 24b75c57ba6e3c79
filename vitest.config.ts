import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Test files at a time. What runs within its own process keeps a core busy; what starts others needs the second one for them. */
const WITHIN_ITSELF = Math.max(2, availableParallelism() - 1);
const WITH_OTHERS = Math.max(1, Math.floor(availableParallelism() / 2));

/**
 * Everything that needs the built bundles is a project of its own, so that `vitest run --project unit` is quick. The time limits
 * only end a test that hangs: they are several times what the slowest takes on a machine that does other work besides.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/*.test.ts"],
          setupFiles: ["test/support/property-seed.ts"],
          testTimeout: 120_000,
          maxWorkers: WITHIN_ITSELF,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: WITH_OTHERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "infra",
          include: ["test/infra/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: WITHIN_ITSELF,
        },
      },
    ],
  },
});
