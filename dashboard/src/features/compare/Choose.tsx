/** Which two are compared: of the newest runs, or those that the address names. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ArrowLeftRight } from "lucide-react";
import { runsQuery } from "@/api/runs";
import type { RunLine } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { RUN_LOOKS } from "@/components/Status";
import { ago } from "@/lib/format";
import { QUOTE, type Pair } from "@/features/compare/pair";

interface Props {
  pair: Pair;
  choose: (pair: Pair) => void;
}

export function Choose({ pair, choose }: Props) {
  const { a, b } = pair;
  const found = useInfiniteQuery(runsQuery({}));
  const runs = found.data?.pages[0]?.items ?? [];
  return (
    <div className="grid items-start gap-x-3 gap-y-1 md:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]">
      <One label="Run" value={a} runs={runs} choose={(id) => choose({ ...pair, a: id })} />
      <Button
        className="md:mt-7"
        disabled={!a || !b || b === QUOTE}
        onClick={() => choose({ ...(b && { a: b }), ...(a && { b: a }) })}
      >
        <ArrowLeftRight aria-hidden className="size-4" /> Swap
      </Button>
      <One label="With" value={b} runs={runs} choose={(id) => choose({ ...pair, b: id })} quote />
    </div>
  );
}

interface OneProps {
  label: string;
  value: string | undefined;
  runs: readonly RunLine[];
  choose: (id: string) => void;
  quote?: boolean;
}

function One({ label, value, runs, choose, quote = false }: OneProps) {
  const known = value === undefined || value === QUOTE || runs.some(({ id }) => id === value);
  return (
    <Labelled
      label={label}
      hint={quote ? "Or its own quote." : "One of the newest 50, or from a run's page."}
    >
      {(ids) => (
        <select
          {...ids}
          className="field"
          value={value ?? ""}
          onChange={({ target }) => choose(target.value)}
        >
          {value === undefined && <option value="">Choose…</option>}
          {quote && <option value={QUOTE}>What it was quoted</option>}
          {!known && <option value={value}>{value}</option>}
          {runs.map((run) => (
            <option key={run.id} value={run.id}>
              {named(run)}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

function named({ request, status, created_at, id }: RunLine): string {
  const words = request ?? "A graph of its own";
  return `${words.slice(0, 60)}${words.length > 60 ? "…" : ""} · ${RUN_LOOKS[status].word}, ${ago(created_at)} · ${id.slice(-6)}`;
}
