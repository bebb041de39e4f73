import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ListTree, Plus, SearchX } from "lucide-react";
import { useCallback, useState } from "react";
import { useChangesState } from "@/api/changes";
import { runsQuery } from "@/api/runs";
import { Button, buttonClass } from "@/components/Button";
import { Empty, Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { useNow } from "@/components/When";
import { Bulk } from "@/features/runs/Bulk";
import { Connection } from "@/features/run/Connection";
import { addressed, asked, type Filter } from "@/features/runs/filter";
import { Filters } from "@/features/runs/Filters";
import { RunList } from "@/features/runs/RunList";

const route = getRouteApi("/runs");
const MINUTE = 60_000;

export function Runs() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = asked(filter, useNow(MINUTE));
  const found = useInfiniteQuery({ ...runsQuery(query), placeholderData: (before) => before });
  const change = useCallback((next: Filter) => void navigate({ search: next, replace: true }), [navigate]);
  const runs = found.data?.pages.flatMap((page) => page.items) ?? [];
  const shown = runs.map(({ id }) => id);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  // What the filter hides is not acted on.
  const chosen = new Set(shown.filter((id) => picked.has(id)));
  return (
    <Page
      title="Runs"
      beside={<Connection state={useChangesState()} />}
      actions={<NewRun />}
      calls={[
        { what: "These runs", path: addressed(query) },
        { what: "Follow which runs change", path: "/v1/runs/changes", stream: true },
        {
          what: "Cancel some, or retry, pause, resume them",
          method: "POST",
          path: "/v1/runs/bulk",
          body: { action: "cancel", ids: chosen.size > 0 ? [...chosen] : ["RUN"] },
        },
      ]}
    >
      <Filters filter={filter} change={change} />
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      <section aria-label="Runs found" aria-busy={found.isPending} className="card min-h-96 overflow-hidden">
        {found.isPending ? (
          <Loading rows={8} />
        ) : runs.length > 0 ? (
          <>
            <Bulk shown={shown} chosen={chosen} choose={setPicked} />
            <RunList runs={runs} chosen={chosen} choose={setPicked} />
          </>
        ) : (
          <Nothing filter={filter} />
        )}
      </section>
      {found.hasNextPage && (
        <div className="text-center">
          <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
            {found.isFetchingNextPage ? "Loading older runs…" : "Older runs"}
          </Button>
        </div>
      )}
    </Page>
  );
}

function NewRun() {
  return (
    <Link to="/new" className={buttonClass("primary")}>
      <Plus aria-hidden className="size-4" /> New run
    </Link>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  if (Object.keys(filter).length > 0)
    return (
      <Empty icon={SearchX} title="No run is like that">
        Take a part of the filter away, or{" "}
        <Link to="/runs" className="text-accent underline">
          see all runs
        </Link>
        .
      </Empty>
    );
  return (
    <Empty icon={ListTree} title="Nothing has run yet">
      <p className="mb-4">
        Say in plain words what you want done; the plan and its price come first if you wish.
      </p>
      <NewRun />
    </Empty>
  );
}
