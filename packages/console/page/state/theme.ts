/** Dark or light: as the system has it, until the person says otherwise. */
import { computed, effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";

const KEPT_AS = "sluice-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

const ofSystem = signal<Theme>(dark.matches ? "dark" : "light");
const chosen = signal(readKept());
export const theme = computed(() => chosen.value ?? ofSystem.value);

/** Shows the page in the theme, from now on. */
export function followTheme(): void {
  dark.addEventListener("change", ({ matches }) => {
    ofSystem.value = matches ? "dark" : "light";
  });
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
  });
}

/** The other theme; kept in this browser. */
export function switchTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEPT_AS, chosen.value);
}

function readKept(): Theme | undefined {
  const kept = localStorage.getItem(KEPT_AS);
  return kept === "dark" || kept === "light" ? kept : undefined;
}
