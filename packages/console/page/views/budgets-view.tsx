/** What keys and tenants have spent, as bars. */
import type { BudgetView } from "../../api/events.ts";
import { count, moment, money, span } from "../format/numbers.ts";
import { budgets } from "../state/store.ts";

/** All of them, the fullest first. */
export function BudgetsView() {
  const all = budgets.value;
  if (!all) return <p class="empty">Reading the budgets…</p>;
  const sorted = all.toSorted((one, other) => shareOf(other) - shareOf(one));
  return (
    <div class="page">
      <h1>Budgets</h1>
      <p class="faint">
        Spend of the present period. Reserved is what calls under way may cost at most. Set a budget with{" "}
        <code>npx sluice budgets set &lt;alias&gt; --budget 50 --local</code>.
      </p>
      {all.length === 0 && <p class="empty">There are no keys and no tenants.</p>}
      <ul class="cards">
        {sorted.map((budget) => (
          <Budget
            key={`${budget.tenant === undefined ? "key" : "tenant"} ${nameOf(budget)}`}
            budget={budget}
          />
        ))}
      </ul>
    </div>
  );
}

function Budget({ budget }: { readonly budget: BudgetView }) {
  const { tenant, period, limitUsd, spentUsd, reservedUsd, resetAt, mode, requests, unpricedRequests } =
    budget;
  const kind = tenant === undefined ? "key" : "tenant";
  const [spent, reserved] = [Number(spentUsd), Number(reservedUsd)];
  const limit = limitUsd === null ? undefined : Number(limitUsd);
  const share = shareOf(budget);
  const width = (usd: number, left = 100) =>
    `${limit === undefined ? 0 : Math.min(left, limit === 0 ? 100 : (100 * usd) / limit)}%`;
  const spentShare = limit === undefined ? 0 : Math.min(100, limit === 0 ? 100 : (100 * spent) / limit);
  const models = Object.entries(budget.byModel).toSorted(
    ([, a], [, b]) => Number(b.spentUsd) - Number(a.spentUsd),
  );
  const text =
    limit === undefined
      ? `${money(spent)} spent`
      : `${money(spent)} of ${money(limit)} spent, ${money(reserved)} reserved`;
  return (
    <li class="card">
      <header>
        <h2>
          <span class="kind">{kind}</span> {nameOf(budget)}
        </h2>
        <span class="faint">
          {limit === undefined ? `no budget, by the ${period}` : `by the ${period}, ${mode}`}
        </span>
      </header>
      {limit !== undefined && (
        <div
          class={`meter ${share >= 1 ? "full" : share >= 0.8 ? "near" : ""}`}
          role="meter"
          aria-label={`Budget of ${kind} ${nameOf(budget)}`}
          aria-valuemin={0}
          aria-valuemax={limit}
          aria-valuenow={Math.min(limit, spent + reserved)}
          aria-valuetext={text}
        >
          <span class="spent" style={{ width: width(spent) }} />
          <span class="reserved" style={{ width: width(reserved, 100 - spentShare) }} />
        </div>
      )}
      <dl class="figures">
        <Figure name="Spent" value={money(spent)} mark="spent" />
        <Figure name="Reserved" value={money(reserved)} mark="reserved" />
        {limit !== undefined && <Figure name="Limit" value={money(limit)} />}
        {limit !== undefined && <Figure name="Left" value={money(Math.max(0, limit - spent - reserved))} />}
        <Figure name="Requests" value={count(requests)} />
        <Figure name="Tokens" value={`${count(budget.inputTokens)} → ${count(budget.outputTokens)}`} />
      </dl>
      {models.length > 0 && (
        <p class="models">
          {models.slice(0, 5).map(([model, { spentUsd: usd }]) => (
            <span key={model}>
              {model} <b>{money(Number(usd))}</b>
            </span>
          ))}
        </p>
      )}
      <footer class="faint">
        {resetAt === null
          ? "Never starts anew"
          : `Starts anew ${moment(Date.parse(resetAt))}, in ${span(Date.parse(resetAt) - Date.now())}`}
        {unpricedRequests > 0 && <span class="warn-text">{unpricedRequests} of unknown cost</span>}
      </footer>
    </li>
  );
}

function Figure({
  name,
  value,
  mark,
}: {
  readonly name: string;
  readonly value: string;
  readonly mark?: string;
}) {
  return (
    <div>
      <dt>
        {mark !== undefined && <i class={`swatch ${mark}`} aria-hidden="true" />}
        {name}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function nameOf({ alias, tenant }: BudgetView): string {
  return tenant ?? alias ?? "";
}

/** 1 is used up; without a limit, less than nothing. */
function shareOf({ limitUsd, spentUsd, reservedUsd }: BudgetView): number {
  if (limitUsd === null) return -1;
  return Number(limitUsd) === 0 ? 1 : (Number(spentUsd) + Number(reservedUsd)) / Number(limitUsd);
}
