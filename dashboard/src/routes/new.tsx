import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { planQuery } from "@/api/plans";
import { Page } from "@/components/Page";
import { bodyOf, EMPTY, type Draft } from "@/features/new-run/draft";
import { NewRun } from "@/features/new-run/NewRun";

/** What would run, also where the plan is to be looked at first. */
function runOf(draft: Draft) {
  return bodyOf(draft.start === "first" ? { ...draft, start: "auto" } : draft);
}

export function NewRunPage() {
  const [draft, setDraft] = useState(EMPTY);
  const navigate = useNavigate();
  const queries = useQueryClient();
  return (
    <Page
      title="New run"
      calls={[
        { what: "This run", method: "POST", path: "/v1/runs", body: runOf(draft) },
        {
          what: "Only plan and quote it",
          method: "POST",
          path: "/v1/plans",
          body: bodyOf({ ...draft, start: "first" }),
        },
      ]}
    >
      <NewRun
        draft={draft}
        change={setDraft}
        planned={(made) => {
          queries.setQueryData(planQuery(made.plan.id).queryKey, made);
          void navigate({ to: "/plans/$id", params: { id: made.plan.id } });
        }}
        started={(run) => void navigate({ to: "/runs/$id", params: { id: run.id } })}
      />
    </Page>
  );
}
