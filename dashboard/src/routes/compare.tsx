import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { GitCompareArrows } from "lucide-react";
import { diffQuery, lookedAtQuery, quoteDiffQuery } from "@/api/compare";
import type { Run } from "@/api/types";
import { Empty, Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { RunBadge } from "@/components/Status";
import { When } from "@/components/When";
import { Asked } from "@/features/compare/Asked";
import { Choose } from "@/features/compare/Choose";
import { Figures } from "@/features/compare/Figures";
import { Outputs } from "@/features/compare/Outputs";
import { QUOTE, type Pair } from "@/features/compare/pair";
import { QuotedSubTasks, SubTasks } from "@/features/compare/SubTasks";
import type { Call } from "@/lib/curl";

const route = getRouteApi("/compare");

export function ComparePage() {
  const pair = route.useSearch();
  const navigate = route.useNavigate();
  const { a, b } = pair;
  return (
    <Page title="Compare" calls={callsOf(pair)}>
      <Choose pair={pair} choose={(next) => void navigate({ search: next, replace: true })} />
      {!a || !b ? (
        <section className="card">
          <Empty icon={GitCompareArrows} title="Choose a run, and what to compare it with">
            Another run shows what was asked, planned and done otherwise; its quote shows what it was believed
            to take.
          </Empty>
        </section>
      ) : b === QUOTE ? (
        <WithQuote key={a} id={a} />
      ) : (
        <TwoRuns key={`${a} ${b}`} id={a} other={b} />
      )}
    </Page>
  );
}

function TwoRuns({ id, other }: { id: string; other: string }) {
  const diff = useQuery(diffQuery(id, other));
  const one = useQuery(lookedAtQuery(id));
  const two = useQuery(lookedAtQuery(other));
  if (diff.error) return <Failure error={diff.error} again={() => void diff.refetch()} />;
  if (!diff.data) return <Loading rows={8} />;
  const { usd, seconds, tool_seconds, quality } = diff.data;
  return (
    <div className="space-y-5">
      {one.data && two.data && (
        <div className="grid gap-3 md:grid-cols-2">
          <Head name="First run" run={one.data} />
          <Head name="Second run" run={two.data} />
        </div>
      )}
      <Figures
        names={["First run", "Second run"]}
        figures={[
          { name: "Money", kind: "money", one: Number(usd.one), other: Number(usd.other) },
          { name: "Time", kind: "time", ...seconds },
          { name: "Time in tools", kind: "time", ...tool_seconds },
          { name: "Quality, as judged", kind: "quality", ...quality },
        ]}
      />
      <h2>What was asked and planned</h2>
      <Asked diff={diff.data} />
      <h2>Which tools did it</h2>
      <SubTasks diff={diff.data} />
      <h2>What came of it</h2>
      {one.data && two.data ? <Outputs one={one.data} other={two.data} /> : <Loading rows={3} />}
    </div>
  );
}

function WithQuote({ id }: { id: string }) {
  const diff = useQuery(quoteDiffQuery(id));
  const run = useQuery(lookedAtQuery(id));
  if (diff.error) return <Failure error={diff.error} again={() => void diff.refetch()} />;
  if (!diff.data) return <Loading rows={8} />;
  const { usd, wall_seconds, tool_seconds, quality } = diff.data;
  const met = ({ predicted, actual }: { predicted: number; actual: number | null }) => {
    return { one: predicted, other: actual };
  };
  return (
    <div className="space-y-5">
      {run.data && <Head name="Run" run={run.data} />}
      <Figures
        names={["Quoted", "Came"]}
        figures={[
          { name: "Money", kind: "money", one: Number(usd.predicted), other: Number(usd.actual) },
          { name: "Time", kind: "time", ...met(wall_seconds) },
          { name: "Time in tools", kind: "time", ...met(tool_seconds) },
          { name: "Quality, as judged", kind: "quality", ...met(quality) },
        ]}
      />
      <h2>Quoted, and as it was done</h2>
      <QuotedSubTasks diff={diff.data} />
    </div>
  );
}

function Head({ name, run }: { name: string; run: Run }) {
  return (
    <section aria-label={name} className="card min-w-0 space-y-1.5 p-4">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
        {name} <RunBadge status={run.status} /> <When at={run.created_at} />
      </p>
      <Link to="/runs/$id" params={{ id: run.id }} className="line-clamp-3 break-words text-accent underline">
        {run.request ?? "A graph of its own"}
      </Link>
      <p>
        <code className="text-[0.86rem] break-all">{run.id}</code>
      </p>
    </section>
  );
}

function callsOf({ a = "RUN", b = "OTHER" }: Pair): Call[] {
  return [
    { what: "What differs between two runs", path: `/v1/runs/${a}/diff/${b === QUOTE ? "OTHER" : b}` },
    { what: "A run against its quote", path: `/v1/runs/${a}/diff/quote` },
  ];
}
