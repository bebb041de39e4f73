/** The tools of an MCP server: a program that the operator has named, or one on the network. */
import { useQuery } from "@tanstack/react-query";
import { Check, Download, Eye, Ghost, ShieldAlert, SkipForward } from "lucide-react";
import { importMcp } from "@/api/imports";
import { sourcesQuery } from "@/api/tools";
import type { McpReport } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { mcpBody, mcpFaults, type McpDraft } from "@/features/import/draft";
import { Differing, LeftOut, Names, Part } from "@/features/import/Parts";
import { useImport } from "@/features/import/useImport";
import { count } from "@/lib/format";

interface Props {
  draft: McpDraft;
  change: (draft: McpDraft) => void;
}

export function Mcp({ draft, change }: Props) {
  const { importing, faults, set, ask } = useImport({
    draft,
    change,
    faultsOf: mcpFaults,
    send: (asked, dryRun) => importMcp(mcpBody(asked, dryRun)),
  });
  return (
    <div className="grid items-start gap-5 xl:grid-cols-2">
      <form
        noValidate
        className="card space-y-2 p-4 sm:p-5"
        onSubmit={(event) => {
          event.preventDefault();
          ask(true);
        }}
      >
        <Fields draft={draft} set={set} faults={faults} />
        <Button type="submit" kind="primary" disabled={importing.isPending}>
          <Eye aria-hidden className="size-4" /> {importing.isPending ? "Asking…" : "See what would come"}
        </Button>
      </form>
      <div className="min-w-0 space-y-4" aria-live="polite">
        {importing.error && <Failure error={importing.error} />}
        {importing.data ? (
          <Report
            report={importing.data}
            preview={importing.variables}
            busy={importing.isPending}
            go={() => ask(false)}
          />
        ) : (
          !importing.error && (
            <div className="card p-4 text-soft">
              Definitions are pinned: a tool that its server changes later is not called until you have seen
              the difference and approved it.
            </div>
          )
        )}
      </div>
    </div>
  );
}

interface FieldsProps {
  draft: McpDraft;
  set: (part: Partial<McpDraft>) => void;
  faults: Partial<Record<keyof McpDraft, string>>;
}

function Fields({ draft, set, faults }: FieldsProps) {
  const { data } = useQuery(sourcesQuery);
  const servers = (data?.items ?? []).filter(({ importable }) => importable);
  return (
    <>
      <Labelled
        label="Server"
        hint={
          servers.length > 0
            ? "Programs are named by the operator, in toolpath.toml."
            : "The operator has named no program in toolpath.toml ([mcp_servers.NAME])."
        }
      >
        {(ids) => (
          <select
            {...ids}
            className="field"
            value={draft.server}
            onChange={({ target }) => set({ server: target.value })}
          >
            <option value="">One on the network</option>
            {servers.map(({ name, tools }) => (
              <option key={name} value={name.slice("mcp:".length)}>
                {name.slice("mcp:".length)} {tools > 0 && `(${count(tools, "tool")} here)`}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {!draft.server && (
        <>
          <Labelled label="Address" hint="Streamable HTTP." fault={faults.url}>
            {(ids) => (
              <input
                {...ids}
                type="url"
                className="field"
                placeholder="https://mcp.example.com/mcp"
                value={draft.url}
                onChange={({ target }) => set({ url: target.value })}
              />
            )}
          </Labelled>
          <Labelled label="Secret to send as bearer (optional)" hint="The name of a secret, not its value.">
            {(ids) => (
              <input
                {...ids}
                className="field"
                value={draft.bearer}
                onChange={({ target }) => set({ bearer: target.value })}
              />
            )}
          </Labelled>
        </>
      )}
      <Labelled
        label="Prefix (optional)"
        hint="Put before names that do not begin with it; the server's name without it."
        fault={faults.prefix}
      >
        {(ids) => (
          <input
            {...ids}
            className="field"
            value={draft.prefix}
            onChange={({ target }) => set({ prefix: target.value })}
          />
        )}
      </Labelled>
    </>
  );
}

interface ReportProps {
  report: McpReport;
  preview: boolean;
  busy: boolean;
  go: () => void;
}

function Report({ report, preview, busy, go }: ReportProps) {
  const { created, quarantined, unchanged, skipped, gone } = report;
  const come = created.length + quarantined.length;
  return (
    <section aria-label={preview ? "What would come" : "What has come"} className="card overflow-hidden">
      <header className="space-y-2 p-4">
        <h2>{preview ? "What would come" : "What has come"}</h2>
        <p className="break-words text-soft">
          {report.source}: {count(created.length, "new tool")}, {quarantined.length} to be approved,{" "}
          {unchanged.length} unchanged, {skipped.length} left out.
        </p>
        {preview && (
          <Button kind="primary" disabled={busy || come + unchanged.length === 0} onClick={go}>
            <Download aria-hidden className="size-4" />{" "}
            {come === 0 ? "Import again" : `Import ${count(come, "tool")}`}
          </Button>
        )}
      </header>
      <Part
        title="To be approved: their definition has changed"
        many={quarantined.length}
        icon={ShieldAlert}
        tone="bad"
      >
        <Differing tools={quarantined} there />
      </Part>
      <Part title={preview ? "New tools" : "Imported"} many={created.length} icon={Check} tone="good">
        <Names names={created} there={!preview} />
      </Part>
      <Part title="Left out" many={skipped.length} icon={SkipForward} tone="warn">
        <LeftOut items={skipped.map(({ tool, reason }) => ({ what: tool, why: reason }))} />
      </Part>
      <Part title="No longer offered" many={gone.length} icon={Ghost} tone="idle">
        <Names names={gone} there />
      </Part>
      <Part title="Unchanged" many={unchanged.length} icon={Check} tone="idle" open={false}>
        <Names names={unchanged} there />
      </Part>
    </section>
  );
}
