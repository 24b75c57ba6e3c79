/** Said where the built-in sink would show something, and there is none. */
import { system } from "../state/store.ts";

/** Says what is elsewhere, and where. */
export function NoSink({ what }: { readonly what: string }) {
  const url = system.value?.langfuseUrl ?? "";
  return (
    <div class="notice">
      <h1>{what} are in Langfuse</h1>
      <p>
        This system sends its traces to a real Langfuse, so there is no built-in sink to read them from.
        Budgets and queue are here as always.
      </p>
      {url !== "" && (
        <p>
          <a class="button" href={url} target="_blank" rel="noreferrer">
            Open {new URL(url).host}
          </a>
        </p>
      )}
    </div>
  );
}
