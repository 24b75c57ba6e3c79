/** What the model was given and what it gave, as a conversation. */
import type { SpanView } from "@sluice/local/sink/span-view";
import { useState } from "preact/hooks";
import { inputTurns, offeredTools, outputTurns, type Part, type Turn } from "../conversation/read-turns.ts";

/** The input's turns, then the output's. */
export function Conversation({ span }: { readonly span: SpanView }) {
  const turns = inputTurns(span.input);
  const answers = outputTurns(span.output);
  const tools = offeredTools(span.input);
  if (turns.length + answers.length === 0) {
    return <p class="empty">Nothing of the content was captured: the key, the call or the config says so.</p>;
  }
  return (
    <div class="conversation">
      {tools.length > 0 && (
        <details class="tools">
          <summary>{tools.length === 1 ? "1 tool offered" : `${tools.length} tools offered`}</summary>
          <ul>
            {tools.map((name) => (
              <li key={name} class="mono">
                {name}
              </li>
            ))}
          </ul>
        </details>
      )}
      {turns.map((turn, index) => (
        <TurnView key={`in ${index}`} turn={turn} span={span} />
      ))}
      {answers.length > 0 && (
        <p class="divider" role="separator">
          answer
        </p>
      )}
      {answers.map((turn, index) => (
        <TurnView key={`out ${index}`} turn={turn} span={span} />
      ))}
    </div>
  );
}

function TurnView({ turn: { role, choice, parts }, span }: { readonly turn: Turn; readonly span: SpanView }) {
  return (
    <article class={`turn ${/^[a-z]+$/.test(role) ? role : "input"}`} aria-label={`${role} said`}>
      <h3>
        {role}
        {choice !== undefined && <span class="faint"> choice {choice}</span>}
      </h3>
      {parts.length === 0 && <p class="faint">Nothing.</p>}
      {parts.map((part, index) => (
        <PartView key={index} part={part} span={span} />
      ))}
    </article>
  );
}

function PartView({ part, span }: { readonly part: Part; readonly span: SpanView }) {
  if (part.kind === "text") return <LongText text={part.text} />;
  if (part.kind === "reasoning") {
    return (
      <details class="reasoning">
        <summary>Reasoning</summary>
        <LongText text={part.text} />
      </details>
    );
  }
  if (part.kind === "tool call") {
    return (
      <div class="tool">
        <p>
          <b class="mono">{part.name}</b> <span class="faint mono">{part.id}</span>
        </p>
        <pre>{part.input}</pre>
      </div>
    );
  }
  if (part.kind === "tool result") {
    return (
      <div class="tool result">
        <p class="faint">result {part.of !== undefined && <span class="mono">of {part.of}</span>}</p>
        {part.parts.map((inner, index) => (
          <PartView key={index} part={inner} span={span} />
        ))}
      </div>
    );
  }
  if (part.kind === "media") {
    const stored = span.media?.find(({ id }) => id === part.mediaId);
    return (
      <p class="media">
        <span aria-hidden="true">
          {part.type.startsWith("audio") ? "♪" : part.type.includes("image") ? "▨" : "▤"}
        </span>
        <span class="mono">{part.type}</span>
        {stored ? (
          <a href={stored.url} target="_blank" rel="noreferrer">
            open
          </a>
        ) : (
          <span class="faint address">{part.address}</span>
        )}
      </p>
    );
  }
  return <pre>{JSON.stringify(part.value, undefined, 2)}</pre>;
}

/** Longer texts are shown when asked for. */
const LONG = 6000;

function LongText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= LONG || isWhole) return <p class="text">{text}</p>;
  return (
    <>
      <p class="text">{text.slice(0, LONG)}…</p>
      <button type="button" class="plain" onClick={() => setWhole(true)}>
        Show all {text.length.toLocaleString("en")} characters
      </button>
    </>
  );
}
