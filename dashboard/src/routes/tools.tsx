import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Import, SearchX, Wrench } from "lucide-react";
import { useCallback, useState } from "react";
import { searchQuery, toolsQuery, type Wanted } from "@/api/tools";
import { Button, buttonClass } from "@/components/Button";
import { Empty, Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { addressed, listed, ranked, type Filter } from "@/features/tools/filter";
import { ToolFilters } from "@/features/tools/ToolFilters";
import { FoundList, ToolList } from "@/features/tools/ToolList";

const route = getRouteApi("/tools");
const FIRST = 25;
/** The API gives no more at once. */
const MOST = 1_000;

export function Tools() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback((next: Filter) => void navigate({ search: next, replace: true }), [navigate]);
  const words = ranked(filter) ? wanted(filter, FIRST) : null;
  return (
    <Page
      title="Tools"
      actions={
        <Link to="/import" search={{ from: "openapi" }} className={buttonClass("primary")}>
          <Import aria-hidden className="size-4" /> Import tools
        </Link>
      }
      calls={[
        words
          ? { what: "This search", method: "POST", path: "/v1/tools/search", body: words }
          : { what: "These tools", path: addressed(filter) },
        { what: "Where tools come from", path: "/v1/sources" },
      ]}
    >
      <ToolFilters filter={filter} change={change} />
      {words ? <Ranked key={JSON.stringify(words)} filter={filter} /> : <ByName filter={filter} />}
    </Page>
  );
}

function wanted({ q = "", kind = [], source }: Filter, k: number): Wanted {
  return { query: q, k, filter: { kind, sources: source ? [source] : [] } };
}

function Ranked({ filter }: { filter: Filter }) {
  const [k, setK] = useState(FIRST);
  const found = useQuery({ ...searchQuery(wanted(filter, k)), placeholderData: keepPreviousData });
  const tools = found.data?.items ?? [];
  return (
    <>
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      <p className="text-soft">
        As the retriever ranks them for a plan: active tools, best first, with the score of these words.
      </p>
      <section aria-label="Tools found" aria-busy={found.isPending} className="card min-h-96 overflow-hidden">
        {found.isPending ? (
          <Loading rows={8} />
        ) : tools.length > 0 ? (
          <FoundList tools={tools} />
        ) : (
          <Nothing filter={filter} />
        )}
      </section>
      {tools.length === k && k < MOST && (
        <div className="text-center">
          <Button onClick={() => setK(Math.min(4 * k, MOST))}>More tools</Button>
        </div>
      )}
    </>
  );
}

function ByName({ filter }: { filter: Filter }) {
  const found = useInfiniteQuery({ ...toolsQuery(listed(filter)), placeholderData: keepPreviousData });
  const tools = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      {filter.q && (
        <p className="text-soft">
          By name, those with these words in their name or summary: the retriever ranks active tools alone.
        </p>
      )}
      <section aria-label="Tools found" aria-busy={found.isPending} className="card min-h-96 overflow-hidden">
        {found.isPending ? (
          <Loading rows={8} />
        ) : tools.length > 0 ? (
          <ToolList tools={tools} />
        ) : (
          <Nothing filter={filter} />
        )}
      </section>
      {found.hasNextPage && (
        <div className="text-center">
          <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
            {found.isFetchingNextPage ? "Loading more tools…" : "More tools"}
          </Button>
        </div>
      )}
    </>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  if (Object.keys(filter).length > 0)
    return (
      <Empty icon={SearchX} title="No tool is like that">
        Use other words, take a part of the filter away, or{" "}
        <Link to="/tools" className="text-accent underline">
          see all tools
        </Link>
        .
      </Empty>
    );
  return (
    <Empty icon={Wrench} title="There are no tools">
      <Link to="/import" search={{ from: "openapi" }} className="text-accent underline">
        Import an API or an MCP server
      </Link>
      , or register one with POST /v1/tools.
    </Empty>
  );
}
