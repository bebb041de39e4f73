/** A plan as it would run: what is wished on one side, its sub-tasks on the other. */
import { useRef, useState } from "react";
import type { Edit, StoredPlan } from "@/api/types";
import { refusedFields, withName, type Wish } from "@/api/wish";
import { Failure, Loading } from "@/components/Notice";
import { Wishes } from "@/components/Wishes";
import { Add, Change, Split } from "@/features/plan/Editing";
import { movedBy } from "@/features/plan/edits";
import { Quote } from "@/features/plan/Quote";
import { SubTaskCard, Tools } from "@/features/plan/SubTasks";
import type { PlanState } from "@/features/plan/usePlan";
import { useTools } from "@/features/plan/useTools";
import { faultsBySubtask } from "@/features/plan/words";

interface Open {
  kind: "change" | "split" | "add";
  /** The sub-task it is at. */
  id: string;
}

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
  const [open, setOpen] = useState<Open | null>(null);
  const opener = useRef<Element | null>(null);
  const close = () => {
    setOpen(null);
    edit.reset();
    if (opener.current instanceof HTMLElement) opener.current.focus();
  };
  const change = (of: string, edits: Edit[]) =>
    edit.mutate({ of, edits }, { onSuccess: () => setOpen(null) });
  const ids = plan.plan.subtasks.map(({ id }) => id);
  const takenBy = new Map(
    subtasks.map((one) => [one.id, one.options.find(({ id }) => id === choices[one.id])]),
  );
  const tools = useTools(open ? [...takenBy.values()].map((one) => one?.calls.at(-1)?.tool ?? "") : []);
  const results = [...takenBy].flatMap(([id, one]) =>
    (tools.get(one?.calls.at(-1)?.tool ?? "")?.gives ?? []).map((field) => `${id}.${field}`),
  );
  const shared = { ids, results, busy: edit.isPending, close };
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_26rem]">
      <section
        aria-label="Preference and quote"
        className="card space-y-3 p-4 sm:p-5 lg:sticky lg:top-4 lg:col-start-2 lg:row-start-1"
      >
        <Wishes wish={state.wish} faults={{ ...refusedFields(quote.error), ...state.faults }} change={wish}>
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
          {subtasks.map((subtask, place) => {
            const { id } = subtask;
            const mine = faults.get(id) ?? [];
            const form = open?.id === id ? open.kind : null;
            const one = {
              ...shared,
              subtask,
              chosen: takenBy.get(id),
              apply: (edits: Edit[]) => change(id, edits),
            };
            return (
              <SubTaskCard
                key={id}
                subtask={subtask}
                number={place + 1}
                chosen={choices[id]}
                faults={mine}
                busy={edit.isPending}
                leaveOut={(tool) => wish({ ...state.wish, without: withName(state.wish.without, tool) })}
                take={(tool) => change(id, [{ op: "retarget", id, tool }])}
              >
                <Tools
                  id={id}
                  busy={edit.isPending}
                  up={place > 0}
                  down={place < subtasks.length - 1}
                  move={(places) => change(id, [{ op: "reorder", order: movedBy(ids, id, places) }])}
                  remove={() => change(id, [{ op: "remove", id }])}
                  open={(kind) => {
                    edit.reset();
                    opener.current = document.activeElement;
                    setOpen({ kind, id });
                  }}
                />
                {form === "change" && <Change {...one} faults={mine} />}
                {form === "split" && <Split {...one} faults={mine} />}
                {form === "add" && (
                  <Add {...shared} after={id} faults={mine} apply={(edits) => change(id, edits)} />
                )}
              </SubTaskCard>
            );
          })}
        </ol>
      </section>
    </div>
  );
}
