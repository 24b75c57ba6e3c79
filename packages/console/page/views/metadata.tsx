/** Everything that the trace says about a call beside its content. */
import type { SpanView } from "@sluice/local/sink/span-view";

/** A table of names and values. */
export function Metadata({ span }: { readonly span: SpanView }) {
  const {
    user,
    session,
    tags,
    environment,
    release,
    version,
    prompt,
    modelParameters,
    usage,
    cost,
    metadata,
  } = span;
  const fields = { user, session, tags, environment, release, version, prompt, modelParameters, usage, cost };
  return (
    <table class="facts">
      <caption class="hidden">Metadata of the call</caption>
      <tbody>
        {[...Object.entries(fields), ...Object.entries(metadata)]
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{shown(value)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function shown(value: unknown) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return <span class="mono">{String(value)}</span>;
  return <pre>{JSON.stringify(value, undefined, 2)}</pre>;
}
