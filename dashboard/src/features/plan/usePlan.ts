/** A stored plan under the terms of the fields: its quote, its edits, and its run. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { editPlan, makePlan, planQuery, quoteQuery, runPlan } from "@/api/plans";
import { answer, startBy } from "@/api/runs";
import type { Edit, Question, Run, RunIn, StoredPlan } from "@/api/types";
import { termsOf, wishFaults, wishOf, type Wish } from "@/api/wish";

interface Asked {
  plan: StoredPlan;
  /** What the fields hold; null while they say what the plan was made under. */
  given: Wish | null;
  open: (plan: StoredPlan) => void;
}

export function usePlan({ plan, given, open }: Asked) {
  const queries = useQueryClient();
  const wish = given ?? wishOf(plan);
  const faults = wishFaults(wish);
  const fits = Object.keys(faults).length === 0;
  const terms = termsOf(wish, plan);
  const changed = JSON.stringify(terms) !== JSON.stringify(termsOf(wishOf(plan), plan));
  const id = plan.plan.id;
  const quote = useQuery({ ...quoteQuery(id, terms), enabled: fits });
  const [edited, setEdited] = useState<string>();
  const show = (made: StoredPlan) => {
    queries.setQueryData(planQuery(made.plan.id).queryKey, made);
    const { path, quote: figures, explain } = made;
    // It came with its quote: nothing jumps while that is asked for anew.
    if (path && figures && explain)
      queries.setQueryData(quoteQuery(made.plan.id, termsOf(given ?? wishOf(made), made)).queryKey, {
        path,
        quote: figures,
        front: explain.front,
        subtasks: made.plan.subtasks,
        explain: null,
      });
    open(made);
  };
  const edit = useMutation({
    mutationFn: ({ edits }: { edits: Edit[]; of: string }) => editPlan(id, edits, terms),
    onMutate: ({ of }) => setEdited(of),
    onSuccess: show,
  });
  const anew = useMutation({
    mutationFn: () => {
      const { request, inputs, labels } = plan;
      return makePlan({ request, inputs, labels, ...terms } as RunIn);
    },
    onSuccess: show,
  });
  // The same key for the same terms: a second press, or one after a cut line, makes no second run.
  const key = useRef({ of: "", key: "" });
  const start = useMutation({
    mutationFn: () => {
      const body = changed ? terms : {};
      const of = JSON.stringify([id, body]);
      if (key.current.of !== of) key.current = { of, key: crypto.randomUUID() };
      return runPlan(id, { ...body, labels: {} }, key.current.key);
    },
  });
  const approve = useMutation({
    mutationFn: async ({ run, question }: { run: Run; question: Question | null }) => {
      const taken = changed ? (await editPlan(id, [], terms)).plan.id : id;
      if (!question) return startBy(run.id, taken);
      return answer(run.id, question.id, taken === run.plan?.id ? true : { plan: taken });
    },
  });
  return { wish, faults, fits, terms, changed, quote, edit, edited, anew, start, approve };
}

export type PlanState = ReturnType<typeof usePlan>;
