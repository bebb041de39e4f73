import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Page } from "@/components/Page";
import { bodyOf, EMPTY } from "@/features/new-run/draft";
import { NewRun } from "@/features/new-run/NewRun";

export function NewRunPage() {
  const [draft, setDraft] = useState(EMPTY);
  const navigate = useNavigate();
  return (
    <Page
      title="New run"
      calls={[
        { what: "This run", method: "POST", path: "/v1/runs", body: bodyOf(draft) },
        { what: "Only plan and quote it", method: "POST", path: "/v1/plans", body: bodyOf(draft) },
      ]}
    >
      <NewRun
        draft={draft}
        change={setDraft}
        started={(run) => void navigate({ to: "/runs/$id", params: { id: run.id } })}
      />
    </Page>
  );
}
