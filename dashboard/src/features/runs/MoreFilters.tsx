/** Parts of the filter that are asked for less often: costs, times, and runs that do not move. */
import { useState } from "react";
import { Labelled } from "@/components/Labelled";
import {
  absolute,
  hidden,
  isPrice,
  local,
  put,
  type Filter,
  type Moment,
  type Price,
} from "@/features/runs/filter";
import { duration } from "@/lib/format";

interface Props {
  filter: Filter;
  change: (filter: Filter) => void;
}

const STILL = [60, 600, 3_600, 86_400];

export function MoreFilters({ filter, change }: Props) {
  const more = hidden(filter);
  // Later it is the reader's own affair: it does not close when its last part is taken away.
  const [open] = useState(more > 0);
  return (
    <details className="card" open={open}>
      <summary className="px-4 py-2 text-soft hover:text-ink">
        Cost, times, stuck{more > 0 && ` (${more} set)`}
      </summary>
      <div className="grid gap-x-4 gap-y-1 border-t px-4 pt-3 pb-1 sm:grid-cols-2 lg:grid-cols-4">
        <Dollars name="usd_from" label="Spent at least, in USD" filter={filter} change={change} />
        <Dollars name="usd_until" label="Spent less than, in USD" filter={filter} change={change} />
        <Still filter={filter} change={change} />
        <Labelled label="Being retried" hint="A step failed and will be tried again">
          {(ids) => (
            <select
              {...ids}
              className="field"
              value={filter.retrying ? "yes" : ""}
              onChange={({ target }) => change(put(filter, "retrying", target.value ? true : undefined))}
            >
              <option value="">All runs</option>
              <option value="yes">Only those</option>
            </select>
          )}
        </Labelled>
        <Time name="since" label="Accepted from" filter={filter} change={change} />
        <Time name="until" label="Accepted before" filter={filter} change={change} />
        <Time name="finished_since" label="Ended from" filter={filter} change={change} />
        <Time name="finished_until" label="Ended before" filter={filter} change={change} />
      </div>
    </details>
  );
}

function Still({ filter, change }: Props) {
  const { quiet } = filter;
  // An address may ask for any time.
  const times = quiet === undefined || STILL.includes(quiet) ? STILL : [...STILL, quiet];
  return (
    <Labelled label="Stuck" hint="Not ended, and nothing has happened for so long">
      {(ids) => (
        <select
          {...ids}
          className="field"
          value={quiet ?? ""}
          onChange={({ target: { value } }) =>
            change(put(filter, "quiet", value ? Number(value) : undefined))
          }
        >
          <option value="">All runs</option>
          {times.map((seconds) => (
            <option key={seconds} value={seconds}>
              For {duration(seconds)} or longer
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface OneProps<Name> extends Props {
  name: Name;
  label: string;
}

function Dollars({ name, label, filter, change }: OneProps<Price>) {
  const [text, setText] = useState(filter[name] ?? "");
  const [before, setBefore] = useState(filter[name]);
  if (filter[name] !== before) {
    // Cleared, or another address.
    setBefore(filter[name]);
    setText(filter[name] ?? "");
  }
  const given = text.trim();
  const fault = given && !isPrice(given) ? "Dollars, as 5 or 0.05" : undefined;
  const apply = () => {
    if (!fault && given !== (filter[name] ?? "")) change(put(filter, name, given || undefined));
  };
  return (
    <Labelled label={label} fault={fault}>
      {(ids) => (
        <input
          {...ids}
          inputMode="decimal"
          placeholder="0.05"
          className={`field ${fault ? "!border-bad" : ""}`}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onBlur={apply}
          onKeyDown={({ key }) => {
            if (key === "Enter") apply();
          }}
        />
      )}
    </Labelled>
  );
}

function Time({ name, label, filter, change }: OneProps<Moment>) {
  return (
    <Labelled label={label}>
      {(ids) => (
        <input
          {...ids}
          type="datetime-local"
          className="field"
          value={local(filter[name])}
          onChange={({ target }) => change(put(filter, name, absolute(target.value)))}
        />
      )}
    </Labelled>
  );
}
