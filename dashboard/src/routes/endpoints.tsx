import { useQuery } from "@tanstack/react-query";
import { Plus, Server } from "lucide-react";
import { useState } from "react";
import { endpointsQuery } from "@/api/operations";
import { Button } from "@/components/Button";
import { Empty, Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { bodyOf, EMPTY } from "@/features/endpoints/draft";
import { EndpointCard } from "@/features/endpoints/EndpointCard";
import { Register } from "@/features/endpoints/Register";

export function Endpoints() {
  const found = useQuery(endpointsQuery);
  const [adding, setAdding] = useState(false);
  const [draft, setDraft] = useState(EMPTY);
  const close = () => {
    setAdding(false);
    setDraft(EMPTY);
  };
  return (
    <Page
      title="Model endpoints"
      actions={
        !adding && (
          <Button kind="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden className="size-4" /> Register an endpoint
          </Button>
        )
      }
      calls={[
        { what: "These endpoints", path: "/v1/endpoints" },
        {
          what: "Register one",
          method: "POST",
          path: "/v1/endpoints",
          body: adding ? bodyOf(draft) : { name: "chat", base_url: "http://gpu-1:8000/v1" },
        },
        {
          what: "Change one",
          method: "PUT",
          path: "/v1/endpoints/NAME",
          body: { name: "NAME", base_url: "http://gpu-1:8000/v1" },
        },
        { what: "Send no new call there", method: "POST", path: "/v1/endpoints/NAME/pause" },
        { what: "Delete one", method: "DELETE", path: "/v1/endpoints/NAME" },
      ]}
    >
      {adding && <Register draft={draft} change={setDraft} done={close} />}
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.isPending && <Loading rows={5} />}
      {found.data?.items.map((endpoint) => (
        <EndpointCard key={endpoint.name} endpoint={endpoint} />
      ))}
      {found.data?.items.length === 0 && (
        <div className="card">
          <Empty icon={Server} title="No model endpoint is registered">
            An endpoint is one or more servers that answer alike, under one name; tools of the kind{" "}
            <em>model</em> name it, and every call goes to the server that will most likely answer first.
          </Empty>
        </div>
      )}
    </Page>
  );
}
