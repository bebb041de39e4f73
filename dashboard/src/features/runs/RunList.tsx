import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, RotateCcw } from "lucide-react";
import { act, ACTIONS, type RunAction } from "@/api/runs";
import type { RunLine } from "@/api/types";
import { Button } from "@/components/Button";
import { RunBadge } from "@/components/Status";
import { When } from "@/components/When";
import { sentence } from "@/features/runs/sentence";
import { money } from "@/lib/format";

interface Props {
  runs: readonly RunLine[];
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}

export function RunList({ runs, chosen, choose }: Props) {
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <ul aria-label="Runs" className="divide-y">
      {runs.map((run) => (
        <li key={run.id} data-run={run.id} className="flex gap-3 px-4 py-3 hover:bg-page sm:items-center">
          <input
            type="checkbox"
            aria-label={`Choose: ${run.request ?? run.id}`}
            className="mt-1 size-4 shrink-0 accent-accent sm:mt-0"
            checked={chosen.has(run.id)}
            onChange={() => toggle(run.id)}
          />
          <Row run={run} />
        </li>
      ))}
    </ul>
  );
}

function Row({ run }: { run: RunLine }) {
  return (
    <div className="grid min-w-0 flex-1 items-center gap-x-4 gap-y-1.5 sm:grid-cols-[8.5rem_minmax(0,1fr)_5.5rem_6.5rem_6.5rem]">
      <RunBadge status={run.status} />
      <div className="min-w-0">
        <Link
          to="/runs/$id"
          params={{ id: run.id }}
          className="block truncate font-medium hover:text-accent hover:underline"
        >
          {run.request ?? "A graph of its own"}
        </Link>
        <p className="truncate text-[0.9rem] text-soft" title={sentence(run)}>
          {sentence(run)}
        </p>
        <Labels labels={run.labels} />
      </div>
      <div className="flex items-center gap-4 sm:contents">
        <span className="figures text-soft sm:text-right" title="Spent">
          {money(run.spend.usd)}
        </span>
        <span className="text-soft sm:text-right">
          <When at={run.created_at} />
        </span>
        <RowActions run={run} />
      </div>
    </div>
  );
}

function Labels({ labels }: { labels: Record<string, string> }) {
  const named = Object.entries(labels);
  if (named.length === 0) return null;
  return (
    <p className="mt-1 flex flex-wrap gap-1">
      {named.map(([key, value]) => (
        <Link
          key={key}
          to="/runs"
          search={{ label: [`${key}:${value}`] }}
          className="rounded bg-sunken px-1.5 text-[0.8rem] text-soft hover:text-ink"
        >
          {key}:{value}
        </Link>
      ))}
    </p>
  );
}

const ROW_ACTIONS = {
  cancel: { word: "Cancel", icon: Ban },
  retry: { word: "Retry", icon: RotateCcw },
} as const;

function RowActions({ run }: { run: RunLine }) {
  const queries = useQueryClient();
  const doing = useMutation({
    mutationFn: (action: RunAction) => act(run, action),
    onSettled: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
  const offered: readonly RunAction[] = ACTIONS[run.status];
  return (
    <div className="flex min-h-8 gap-1 sm:justify-end">
      {(["cancel", "retry"] as const)
        .filter((action) => offered.includes(action))
        .map((action) => {
          const { word, icon: Icon } = ROW_ACTIONS[action];
          return (
            <Button
              key={action}
              kind="quiet"
              small
              disabled={doing.isPending}
              aria-label={`${word}: ${run.request ?? run.id}`}
              onClick={() => doing.mutate(action)}
            >
              <Icon aria-hidden className="size-3.5" /> {word}
            </Button>
          );
        })}
      {doing.error && (
        <span role="alert" className="text-[0.85rem] text-bad">
          {doing.error.message}
        </span>
      )}
    </div>
  );
}
