import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { explainQuery } from "@/api/runs";
import { Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Why } from "@/features/explain/Why";

const route = getRouteApi("/runs/$id/explain");

export function ExplainPage() {
  const { id } = route.useParams();
  const explain = useQuery(explainQuery(id));
  return (
    <Page
      title="Why this path"
      beside={
        <Link to="/runs/$id" params={{ id }} className="text-accent underline">
          Back to the run
        </Link>
      }
      calls={[{ what: "Why this path", path: `/v1/runs/${id}/explain` }]}
    >
      {explain.error && <Failure error={explain.error} again={() => void explain.refetch()} />}
      {explain.isPending && <Loading />}
      {explain.data && <Why explain={explain.data} />}
    </Page>
  );
}
