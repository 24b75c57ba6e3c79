/** The keys that the page knows. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { goTo, VIEWS } from "../state/route.ts";
import { switchTheme } from "../state/theme.ts";

const SHORTCUTS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [["/"], "Filter the calls"],
  [["j", "↓"], "Next call"],
  [["k", "↑"], "Previous call"],
  [["Enter"], "Open the call"],
  [["Esc"], "Close the call, leave the filter"],
  [["1", "2", "3", "4"], "Calls, budgets, queue, charts"],
  [["t"], "Dark or light"],
  [["?"], "This help"],
];

const isHelpShown = signal(false);

/** Opens the help. */
export function showHelp(): void {
  isHelpShown.value = true;
}

/** Whether a key belongs to what is being typed in, or to a dialog. */
export function isTaken(event: KeyboardEvent): boolean {
  const { target, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return true;
  return target instanceof HTMLElement && target.closest("input, select, textarea, dialog") !== null;
}

/** The keys that work everywhere. */
export function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view) goTo({ view });
      else if (event.key === "t") switchTheme();
      else if (event.key === "?") showHelp();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** The help, when it is asked for. */
export function ShortcutsHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isShown = isHelpShown.value;
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
  }, [isShown]);
  const close = () => {
    isHelpShown.value = false;
  };
  if (!isShown) return null;
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keyboard shortcuts</h2>
      <dl class="keys">
        {SHORTCUTS.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="dialog-actions">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
