import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useLiveRun } from "@/api/live";
import { ended } from "@/api/runs";
import type { Run } from "@/api/types";
import { Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { RunBadge } from "@/components/Status";
import { When } from "@/components/When";
import { QUOTE } from "@/features/compare/pair";
import { Actions } from "@/features/run/Actions";
import { Connection } from "@/features/run/Connection";
import { Events } from "@/features/run/Events";
import { Feedback } from "@/features/run/Feedback";
import { Facts } from "@/features/run/Facts";
import { Questions } from "@/features/run/Questions";
import { Result } from "@/features/run/Result";
import { StepPanel } from "@/features/run/StepPanel";
import { Steps } from "@/features/run/Steps";
import { Timeline } from "@/features/run/Timeline";
import type { Call } from "@/lib/curl";

/** The graph and its layout are most of the script: they come when there is one to draw. */
const Graph = lazy(() => import("@/features/graph/Graph").then(({ Graph: drawn }) => ({ default: drawn })));

const route = getRouteApi("/runs/$id");

export function RunPage() {
  const { id } = route.useParams();
  return <Followed key={id} id={id} />;
}

function Followed({ id }: { id: string }) {
  const { run, error, refetch, live } = useLiveRun(id);
  const [listed, setListed] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const step = run?.steps.find(({ idx }) => idx === chosen);
  if (!run)
    return (
      <Page title={`Run ${id}`} calls={callsOf(id)}>
        {error ? <Failure error={error} again={() => void refetch()} /> : <Loading rows={10} />}
      </Page>
    );
  return (
    <Page
      title={run.request ?? "A graph of its own"}
      beside={<Beside run={run} state={<Connection state={live.state} />} />}
      actions={<Actions run={run} />}
      calls={callsOf(id)}
    >
      {live.error && <Failure error={live.error} />}
      <Questions run={run} />
      <Facts run={run} />
      <div className={`grid items-start gap-5 ${step ? "xl:grid-cols-[minmax(0,1fr)_26rem]" : ""}`}>
        <div className="min-w-0 space-y-5">
          {run.steps.length > 1 && (
            <section aria-label="Graph" className="card overflow-hidden">
              <Suspense fallback={<div className="h-80" role="status" aria-label="Loading the graph" />}>
                <Graph steps={run.steps} chosen={chosen} choose={setChosen} />
              </Suspense>
            </section>
          )}
          {run.steps.length > 0 && (
            <section aria-label="Time" className="card overflow-hidden">
              <Timeline run={run} chosen={chosen} choose={setChosen} />
            </section>
          )}
          <section aria-label="Steps of the path" className="card overflow-hidden">
            <Steps run={run} chosen={chosen} choose={setChosen} />
          </section>
          <Result run={run} />
          {ended(run.status) && (
            <div className="card p-4 sm:p-5">
              <Feedback run={run} />
            </div>
          )}
          <details
            className="card overflow-hidden"
            onToggle={({ currentTarget }) => setListed(currentTarget.open)}
          >
            <summary className="px-4 py-2.5 font-medium">Events ({live.events.length})</summary>
            {listed && <Events events={live.events} />}
          </details>
        </div>
        {step && (
          <StepPanel
            key={step.key}
            run={run}
            step={step}
            events={live.events}
            close={() => setChosen(null)}
          />
        )}
      </div>
    </Page>
  );
}

function Beside({ run, state }: { run: Run; state: React.ReactNode }) {
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
        <RunBadge status={run.status} />
        <code className="text-[0.86rem]">{run.id}</code>
        <span>
          accepted <When at={run.created_at} />
        </span>
        {run.path && (
          <Link to="/runs/$id/explain" params={{ id: run.id }} className="text-accent underline">
            Why this path
          </Link>
        )}
        <Link to="/compare" search={{ a: run.id, b: QUOTE }} className="text-accent underline">
          Compare
        </Link>
        {state}
      </div>
      {run.waiting_on && <p className="break-words">{run.waiting_on.text}</p>}
    </div>
  );
}

function callsOf(id: string): Call[] {
  const here = `/v1/runs/${id}`;
  return [
    { what: "This run", path: here },
    { what: "Follow its events", path: `${here}/events`, stream: true },
    { what: "Why this path", path: `${here}/explain` },
    { what: "Cancel it", method: "POST", path: `${here}/cancel` },
    {
      what: "Run a step and what follows again",
      method: "POST",
      path: `${here}/retry`,
      body: { from_step: "STEP" },
    },
    {
      what: "Run a step again with other arguments",
      method: "POST",
      path: `${here}/retry`,
      body: { from_step: "STEP", edits: { ARGUMENT: "value" } },
    },
    { what: "What a step sent and got", path: `${here}/steps/STEP/exchanges` },
    {
      what: "Say whether its outputs are good",
      method: "POST",
      path: `${here}/feedback`,
      body: { verdict: "good", steps: [{ step: "STEP", quality: 0.4, comment: "why" }] },
    },
    { what: "What was quoted, and what it took", path: `${here}/diff/quote` },
    {
      what: "Start it by an edited plan of its own",
      method: "POST",
      path: `${here}/resume`,
      body: { plan: "PLAN" },
    },
    {
      what: "Answer a question",
      method: "POST",
      path: `${here}/answers`,
      body: { answers: [{ id: "QUESTION", value: true }] },
    },
  ];
}
