import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Check, Play, RefreshCw, Undo2 } from "lucide-react";
import { useState } from "react";
import { planQuery } from "@/api/plans";
import { runQuery } from "@/api/runs";
import type { PlanSource, StoredPlan } from "@/api/types";
import type { Wish } from "@/api/wish";
import { Button } from "@/components/Button";
import { Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { When } from "@/components/When";
import { PlanView } from "@/features/plan/PlanView";
import { usePlan, type PlanState } from "@/features/plan/usePlan";
import type { Call } from "@/lib/curl";
import { count } from "@/lib/format";

const route = getRouteApi("/plans/$id");

export function PlanPage() {
  const { id } = route.useParams();
  const plan = useQuery(planQuery(id));
  const [wish, setWish] = useState<Wish | null>(null);
  if (!plan.data)
    return (
      <Page title="Plan" calls={[{ what: "This plan", path: `/v1/plans/${id}` }]}>
        {plan.error ? (
          <Failure error={plan.error} again={() => void plan.refetch()} />
        ) : (
          <Loading rows={10} />
        )}
      </Page>
    );
  return <Shown plan={plan.data} given={wish} wish={setWish} />;
}

interface Props {
  plan: StoredPlan;
  given: Wish | null;
  wish: (wish: Wish) => void;
}

function Shown({ plan, given, wish }: Props) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const open = ({ plan: { id } }: StoredPlan) => void navigate({ to: "/plans/$id", params: { id }, search });
  const state = usePlan({ plan, given, open });
  const follow = (run: string) => void navigate({ to: "/runs/$id", params: { id: run } });
  const failed = state.start.error ?? state.approve.error ?? state.anew.error;
  return (
    <Page
      title={plan.request ?? "A graph of its own"}
      beside={<Beside plan={plan} />}
      actions={
        <>
          {plan.parent && (
            <Button onClick={() => void navigate({ params: { id: plan.parent ?? "" }, search })}>
              <Undo2 aria-hidden className="size-4" /> Undo
            </Button>
          )}
          {search.run ? (
            <Approve run={search.run} state={state} approved={follow} />
          ) : (
            <Start plan={plan} state={state} started={follow} />
          )}
        </>
      }
      calls={callsOf(plan, state)}
    >
      {failed && <Failure error={failed} />}
      <PlanView plan={plan} state={state} wish={wish} />
    </Page>
  );
}

function Start({
  plan,
  state,
  started,
}: {
  plan: StoredPlan;
  state: PlanState;
  started: (run: string) => void;
}) {
  const { anew, start, fits } = state;
  return (
    <>
      {plan.request !== null && (
        <Button disabled={anew.isPending || !fits} onClick={() => anew.mutate()}>
          <RefreshCw aria-hidden className="size-4" /> {anew.isPending ? "Planning…" : "Plan anew"}
        </Button>
      )}
      <Button
        kind="primary"
        disabled={start.isPending || !fits}
        onClick={() => start.mutate(undefined, { onSuccess: ({ id }) => started(id) })}
      >
        <Play aria-hidden className="size-4" /> {start.isPending ? "Starting…" : "Run this plan"}
      </Button>
    </>
  );
}

/** The plan of a run that waits for a word, or to be started: it goes on with the plan as it is shown. */
function Approve({
  run: id,
  state,
  approved,
}: {
  run: string;
  state: PlanState;
  approved: (run: string) => void;
}) {
  const { data: run } = useQuery(runQuery(id));
  const question = run?.questions.find((one) => one.kind === "plan_approval" && !one.answered_at) ?? null;
  const planned = run?.status === "planned";
  return (
    <>
      <Link to="/runs/$id" params={{ id }} className="px-2 text-accent underline">
        Back to the run
      </Link>
      {run && (question || planned) ? (
        <Button
          kind="primary"
          disabled={state.approve.isPending || !state.fits}
          onClick={() => state.approve.mutate({ run, question }, { onSuccess: () => approved(id) })}
        >
          {planned ? (
            <>
              <Play aria-hidden className="size-4" /> Run this plan
            </>
          ) : (
            <>
              <Check aria-hidden className="size-4" /> Approve this plan
            </>
          )}
        </Button>
      ) : (
        run && <p className="text-soft">The run no longer waits for its plan.</p>
      )}
    </>
  );
}

// A new way of making plans breaks the build here.
const SOURCES = {
  given: "given as a graph",
  offline: "made offline",
  llm: "made by a language model",
  edited: "edited",
} as const satisfies Record<PlanSource, string>;

function Beside({ plan: { plan, created_at } }: { plan: StoredPlan }) {
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
      <code className="text-[0.86rem]">{plan.id}</code>
      <span>{count(plan.subtasks.length, "sub-task")}</span>
      <span>
        {SOURCES[plan.source]} <When at={created_at} />
      </span>
    </p>
  );
}

function callsOf({ plan }: StoredPlan, { terms }: PlanState): Call[] {
  const here = `/v1/plans/${plan.id}`;
  const edits = [{ op: "reword", id: plan.subtasks[0]?.id ?? "ID", goal: "…" }];
  return [
    { what: "This plan", path: here },
    { what: "Its quote under these terms", method: "POST", path: `${here}/quote`, body: terms },
    { what: "Edit it", method: "PATCH", path: here, body: { ...terms, edits } },
    { what: "Run it", method: "POST", path: `${here}/runs`, body: terms },
  ];
}
