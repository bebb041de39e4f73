import { X } from "lucide-react";
import { useState } from "react";
import type { RunStatus } from "@/api/types";
import { SearchBox } from "@/components/SearchBox";
import { Button } from "@/components/Button";
import { RUN_LOOKS } from "@/components/Status";
import { put, SPANS, STATUSES, type Filter, type Span } from "@/features/runs/filter";
import { MoreFilters } from "@/features/runs/MoreFilters";

interface Props {
  filter: Filter;
  change: (filter: Filter) => void;
}

const SPAN_WORDS: Record<Span, string> = { hour: "Last hour", day: "Last day", week: "Last week" };

export function Filters({ filter, change }: Props) {
  const none = Object.keys(filter).length === 0;
  const [cleared, setCleared] = useState(0);
  const clear = () => {
    setCleared(cleared + 1);
    change({});
  };
  return (
    <div className="space-y-3" role="search" aria-label="Runs">
      <div className="grid gap-2 sm:grid-cols-[minmax(12rem,1fr)_12rem_10rem_auto]">
        <SearchBox
          key={`words ${cleared}`}
          label="Words of the request"
          placeholder="Words of the request"
          value={filter.q ?? ""}
          change={(words) => change(put(filter, "q", words || undefined))}
        />
        <Labels key={`labels ${cleared} ${filter.label?.join() ?? ""}`} filter={filter} change={change} />
        <select
          aria-label="Accepted within"
          className="field"
          value={filter.within ?? ""}
          onChange={({ target: { value } }) =>
            change(put(filter, "within", value ? (value as Span) : undefined))
          }
        >
          <option value="">Any time</option>
          {(Object.keys(SPANS) as Span[]).map((span) => (
            <option key={span} value={span}>
              {SPAN_WORDS[span]}
            </option>
          ))}
        </select>
        <Button kind="quiet" disabled={none} onClick={clear}>
          <X aria-hidden className="size-4" /> Clear
        </Button>
      </div>
      <Statuses filter={filter} change={change} />
      <MoreFilters filter={filter} change={change} />
    </div>
  );
}

function Statuses({ filter, change }: Props) {
  const chosen = new Set(filter.status);
  const toggle = (status: RunStatus) => {
    const next = STATUSES.filter((one) => chosen.has(one) !== (one === status));
    change(put(filter, "status", next.length > 0 ? next : undefined));
  };
  return (
    <div role="group" aria-label="Status" className="flex flex-wrap gap-1.5">
      {STATUSES.map((status) => {
        const { word, icon: Icon } = RUN_LOOKS[status];
        const on = chosen.has(status);
        return (
          <button
            key={status}
            type="button"
            aria-pressed={on}
            onClick={() => toggle(status)}
            className={`inline-flex items-center gap-1.5 rounded-full border px-2.5 py-0.5 text-[0.86rem] ${on ? "border-accent bg-accent-wash font-medium text-ink" : "border-line-strong bg-surface text-soft hover:text-ink"}`}
          >
            <Icon aria-hidden className="size-3.5" />
            {word}
          </button>
        );
      })}
    </div>
  );
}

function Labels({ filter, change }: Props) {
  const [text, setText] = useState((filter.label ?? []).join(", "));
  const labels = text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const wrong = labels.some((one) => !one.includes(":"));
  const apply = () => {
    if (!wrong) change(put(filter, "label", labels.length > 0 ? labels : undefined));
  };
  return (
    <input
      aria-label="Labels, as key:value"
      title="Labels as key:value, by commas; Enter applies them"
      placeholder="team:x, env:prod"
      aria-invalid={wrong}
      className={`field ${wrong ? "!border-bad" : ""}`}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onBlur={apply}
      onKeyDown={({ key }) => {
        if (key === "Enter") apply();
      }}
    />
  );
}
