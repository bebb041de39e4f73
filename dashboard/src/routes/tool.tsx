import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { beliefsQuery, evidenceQuery, toolQuery, versionsQuery } from "@/api/tools";
import type { ToolRecord } from "@/api/types";
import { Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { KindMark, ToolBadge } from "@/components/ToolStatus";
import { BeliefTable } from "@/features/tools/Beliefs";
import { Document, Quality } from "@/features/tools/Document";
import { Facts } from "@/features/tools/Facts";
import { Manage } from "@/features/tools/Manage";
import { OverTime } from "@/features/tools/OverTime";
import { Pending } from "@/features/tools/Pending";
import { SchemaTable } from "@/features/tools/SchemaTable";
import { TryIt } from "@/features/tools/TryIt";
import { Versions } from "@/features/tools/Versions";
import type { Call } from "@/lib/curl";

const route = getRouteApi("/tools/$name");

export function ToolPage() {
  const { name } = route.useParams();
  return <Shown key={name} name={name} />;
}

function Shown({ name }: { name: string }) {
  const navigate = route.useNavigate();
  const tool = useQuery(toolQuery(name));
  const [given, setGiven] = useState<Record<string, unknown>>({});
  return (
    <Page
      title={name}
      beside={tool.data && <Beside tool={tool.data} />}
      actions={tool.data && <Manage tool={tool.data} gone={() => void navigate({ to: "/tools" })} />}
      calls={callsOf(name, given)}
    >
      {tool.error && <Failure error={tool.error} again={() => void tool.refetch()} />}
      {tool.isPending && <Loading rows={10} />}
      {tool.data && <Parts tool={tool.data} setGiven={setGiven} />}
    </Page>
  );
}

function Parts({ tool, setGiven }: { tool: ToolRecord; setGiven: (given: Record<string, unknown>) => void }) {
  const beliefs = useQuery(beliefsQuery(tool.name));
  const versions = useQuery(versionsQuery(tool.name));
  const evidence = useQuery(evidenceQuery(tool.name));
  return (
    <>
      {tool.pending && <Pending tool={tool} pending={tool.pending} />}
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="min-w-0 space-y-5">
          <TryIt key={tool.hash} tool={tool} onChange={setGiven} />
          <Document tool={tool} />
          <SchemaTable title="Arguments" schema={tool.input_schema} ports={tool.ports.inputs} />
          <SchemaTable title="Result" schema={tool.output_schema} ports={tool.ports.outputs} />
          {beliefs.error && <Failure error={beliefs.error} again={() => void beliefs.refetch()} />}
          {beliefs.data && <BeliefTable beliefs={beliefs.data.beliefs} />}
          {evidence.error && <Failure error={evidence.error} again={() => void evidence.refetch()} />}
          {evidence.data && <OverTime evidence={evidence.data.items} />}
        </div>
        <div className="min-w-0 space-y-5">
          <Quality tool={tool} />
          <Facts tool={tool} />
          {versions.error && <Failure error={versions.error} again={() => void versions.refetch()} />}
          {versions.data && <Versions versions={versions.data.items} />}
        </div>
      </div>
    </>
  );
}

function Beside({ tool }: { tool: ToolRecord }) {
  return (
    <div className="space-y-1">
      <p className="max-w-4xl break-words">{tool.summary}</p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-soft">
        <ToolBadge status={tool.status} />
        <KindMark kind={tool.kind} />
        <Link to="/tools" search={{ source: tool.source }} className="break-all text-accent underline">
          {tool.source}
        </Link>
        <span>version {tool.version}</span>
      </div>
      {tool.reason && <p className="max-w-4xl break-words text-warn">{tool.reason}</p>}
    </div>
  );
}

function callsOf(name: string, given: Record<string, unknown>): Call[] {
  const here = `/v1/tools/${name}`;
  return [
    { what: "This tool", path: here },
    { what: "Try it", method: "POST", path: `${here}/invoke`, body: { arguments: given } },
    { what: "What is believed of it", path: `${here}/beliefs` },
    { what: "What its latest calls came to", path: `${here}/evidence` },
    { what: "Its versions", path: `${here}/versions` },
    { what: "Disable it", method: "POST", path: `${here}/disable` },
    { what: "Delete it", method: "DELETE", path: here },
  ];
}
