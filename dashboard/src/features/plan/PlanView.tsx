/** A plan as it would run: what is wished on one side, its sub-tasks on the other. */
import type { Edit, StoredPlan } from "@/api/types";
import { withName, type Wish } from "@/api/wish";
import { Failure, Loading } from "@/components/Notice";
import { Wishes } from "@/components/Wishes";
import { Quote } from "@/features/plan/Quote";
import { SubTaskCard } from "@/features/plan/SubTasks";
import type { PlanState } from "@/features/plan/usePlan";
import { faultsBySubtask } from "@/features/plan/words";

interface Props {
  plan: StoredPlan;
  state: PlanState;
  wish: (wish: Wish) => void;
}

export function PlanView({ plan, state, wish }: Props) {
  const { quote, edit } = state;
  const quoted = quote.error ? undefined : quote.data;
  const subtasks = quoted?.subtasks ?? plan.plan.subtasks;
  const choices = (quoted?.path ?? plan.path)?.choices ?? {};
  const faults = faultsBySubtask(edit.error ?? quote.error, edit.error ? state.edited : undefined);
  const change = (of: string, edits: Edit[]) => edit.mutate({ of, edits });
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_26rem]">
      <section
        aria-label="Preference and quote"
        className="card space-y-3 p-4 sm:p-5 lg:sticky lg:top-4 lg:col-start-2 lg:row-start-1"
      >
        <Wishes wish={state.wish} faults={state.faults} change={wish}>
          {quote.error ? (
            <Failure error={quote.error} again={() => void quote.refetch()} />
          ) : quoted ? (
            <Quote quoted={quoted} stale={quote.isPlaceholderData} />
          ) : (
            <Loading rows={5} />
          )}
        </Wishes>
      </section>
      <section aria-label="The plan" className="min-w-0 space-y-3 lg:col-start-1 lg:row-start-1">
        {edit.error && <Failure error={edit.error} />}
        <ol className="space-y-3" aria-busy={edit.isPending}>
          {subtasks.map((subtask, place) => (
            <SubTaskCard
              key={subtask.id}
              subtask={subtask}
              number={place + 1}
              chosen={choices[subtask.id]}
              faults={faults.get(subtask.id) ?? []}
              busy={edit.isPending}
              leaveOut={(tool) => wish({ ...state.wish, without: withName(state.wish.without, tool) })}
              take={({ id }, tool) => change(id, [{ op: "retarget", id, tool }])}
            />
          ))}
        </ol>
      </section>
    </div>
  );
}
