/** Records on their way to the drains, and those that are parked. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { DepthView, ParkedView, QueueView as Queue, RedriveView } from "../../api/events.ts";
import { span } from "../format/numbers.ts";
import { startRedrive, stopRedrive } from "../state/actions.ts";
import { queue, redrive } from "../state/store.ts";

/** What is asked before records are sent again: those of one reason, or all. */
interface Question {
  readonly reason: string | undefined;
  /** For the person; `reason` is a glob, empty for records that SQS parked. */
  readonly label: string;
}

const question = signal<Question | undefined>(undefined);
const failure = signal("");
const NO_REASON = "received too often";

/** Depth, ages and what is parked. */
export function QueueView() {
  const view = queue.value;
  if (!view) return <p class="empty">Reading the queue…</p>;
  const { calls } = view;
  const parked = totalOf(view.parked);
  return (
    <div class="page">
      <h1>Queue</h1>
      <ul class="tiles">
        <Tile name="Waiting" value={view.queue.waiting} />
        <Tile name="In flight" value={view.queue.inFlight} />
        <Tile name="Delayed" value={view.queue.delayed} />
        <Tile name="Parked" value={parked} isBad={parked > 0} />
        <Tile name="Spilled" value={view.spilled} isBad={view.spilled > 0} />
        <li class="tile">
          <b>{oldestAge(calls)}</b>
          <span>Oldest in flight</span>
        </li>
        <li class="tile">
          <b>{oldestParked(view.parkedMessages)}</b>
          <span>Oldest parked</span>
        </li>
      </ul>
      <p class="faint">
        Delayed are retries, and one switch for each call: it tells of the call should its gateway be killed.
      </p>
      <Accounts calls={calls} />
      <Parked view={view} parked={parked} />
      <Confirm />
    </div>
  );
}

function Tile({
  name,
  value,
  isBad = false,
}: {
  readonly name: string;
  readonly value: number;
  readonly isBad?: boolean;
}) {
  return (
    <li class="tile">
      <b class={isBad ? "bad" : ""}>{value.toLocaleString("en")}</b>
      <span>{name}</span>
    </li>
  );
}

function Accounts({ calls }: Pick<Queue, "calls">) {
  const { accepted, delivered, parked, inFlight, unaccounted } = calls;
  const share = (part: number) => `${accepted === 0 ? 0 : (100 * part) / accepted}%`;
  return (
    <section class="card" aria-label="What became of every call">
      <h2>What became of every call</h2>
      <p class="sum">
        <b>{accepted.toLocaleString("en")}</b> accepted = <b>{delivered.toLocaleString("en")}</b> delivered +{" "}
        <b>{parked.toLocaleString("en")}</b> parked + <b>{inFlight.toLocaleString("en")}</b> in flight
      </p>
      <div class="stack" aria-hidden="true">
        <span class="delivered" style={{ width: share(delivered) }} />
        <span class="in-flight" style={{ width: share(inFlight) }} />
        <span class="parked" style={{ width: share(parked) }} />
      </div>
      {unaccounted === 0 ? (
        <p class="faint">None is unaccounted for.</p>
      ) : (
        <p class="bad">{unaccounted} unaccounted for: see docs/delivery.md, Reconciliation.</p>
      )}
    </section>
  );
}

function Parked({ view, parked }: { readonly view: Queue; readonly parked: number }) {
  const run = redrive.value;
  const isRunning = run?.state === "running";
  const { parkedMessages } = view;
  const reasons = [...Map.groupBy(parkedMessages, ({ reason }) => reason)].toSorted(
    ([, one], [, other]) => other.length - one.length,
  );
  return (
    <section class="card" aria-label="Parked records">
      <header>
        <h2>Parked records</h2>
        <button
          type="button"
          class="primary"
          disabled={parked === 0 || isRunning}
          onClick={() => {
            question.value = { reason: undefined, label: "all parked records" };
          }}
        >
          Send all again
        </button>
      </header>
      {failure.value !== "" && (
        <p class="banner bad" role="alert">
          {failure}
        </p>
      )}
      {run && run.state !== "idle" && <Progress run={run} />}
      {parked === 0 && <p class="faint">None: every record that could be delivered was.</p>}
      {parked > 0 && parkedMessages.length === 0 && <p class="faint">Somebody is working on them.</p>}
      {reasons.map(([reason, messages]) => (
        <Reason key={reason ?? ""} reason={reason} messages={messages} isRunning={isRunning} />
      ))}
      {parkedMessages.length > 0 && parked > parkedMessages.length && (
        <p class="faint">These are {parkedMessages.length} of them.</p>
      )}
    </section>
  );
}

interface ReasonProps {
  readonly reason: string | undefined;
  readonly messages: readonly ParkedView[];
  readonly isRunning: boolean;
}

function Reason({ reason, messages, isRunning }: ReasonProps) {
  const label = reason ?? NO_REASON;
  return (
    <details class="reason" open>
      <summary>
        <span class="count">{messages.length}</span> <span class="why">{label}</span>
        <button
          type="button"
          class="plain"
          disabled={isRunning}
          aria-label={`Send again what is parked for: ${label}`}
          onClick={(event) => {
            event.preventDefault();
            question.value = {
              reason: reason ?? "",
              label: `what is parked for "${label}"`,
            };
          }}
        >
          Send these again
        </button>
      </summary>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">Kind</th>
            <th scope="col">Key</th>
            <th scope="col">Parked since</th>
          </tr>
        </thead>
        <tbody>
          {messages.map(({ id, callId, kind, key, sentAt }) => (
            <tr key={id}>
              <td class="mono">{callId ?? id}</td>
              <td>{kind}</td>
              <td>{key ?? "–"}</td>
              <td title={sentAt}>{span(Date.now() - Date.parse(sentAt))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Progress({ run }: { readonly run: RedriveView }) {
  const { state, sent, total, alreadySent, passedOver, interrupted, problem } = run;
  const isRunning = state === "running";
  const stop = () => {
    stopRedrive().catch(showFailure);
  };
  return (
    <div class="progress" role="status">
      {isRunning && <progress max={Math.max(1, total)} value={sent} aria-label="Records sent again" />}
      <p>
        {isRunning && `${sent} of ${total} sent again…`}
        {state === "done" && `${sent} ${sent === 1 ? "record" : "records"} sent again.`}
        {state === "done" && interrupted && " Stopped before the end: send again to go on."}
        {state === "done" && passedOver > 0 && ` ${passedOver} parked for another reason.`}
        {state === "done" && alreadySent > 0 && ` ${alreadySent} left: sent before in this run, or gone.`}
        {state === "failed" && (
          <span class="bad">
            Failed after {sent}: {problem}
          </span>
        )}
      </p>
      {isRunning && (
        <button type="button" onClick={stop}>
          Stop
        </button>
      )}
    </div>
  );
}

function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current?.showModal();
  }, [asked]);
  if (!asked) return null;
  // As it is now, also when that changes while the person thinks.
  const parked = queue.value ? totalOf(queue.value.parked) : 0;
  const close = () => {
    question.value = undefined;
  };
  const send = () => {
    failure.value = "";
    startRedrive(asked.reason).catch(showFailure);
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={close}>
      <h2 id="confirm-title">Send {asked.label} to the queue again?</h2>
      <p>
        {asked.reason === undefined &&
          `${parked.toLocaleString("en")} ${parked === 1 ? "is" : "are"} parked. `}
        The flusher tries them once more, and parks again what fails again. No call is counted or charged
        twice.
      </p>
      <form method="dialog" class="dialog-actions">
        <button type="submit">Cancel</button>
        <button type="submit" class="primary" onClick={send}>
          Send again
        </button>
      </form>
    </dialog>
  );
}

function showFailure(error: unknown): void {
  failure.value = error instanceof Error ? error.message : String(error);
}

function oldestAge({ oldestBeforeMs }: Queue["calls"]): string {
  if (oldestBeforeMs === undefined) return "–";
  const age = Date.now() - oldestBeforeMs;
  return age <= 0 ? "< 1 hour" : `> ${span(age)}`;
}

function oldestParked(messages: readonly ParkedView[]): string {
  const oldest = messages.reduce(
    (earliest, { sentAt }) => Math.min(earliest, Date.parse(sentAt)),
    Date.now(),
  );
  return messages.length === 0 ? "–" : span(Date.now() - oldest);
}

function totalOf({ waiting, inFlight, delayed }: DepthView): number {
  return waiting + inFlight + delayed;
}
