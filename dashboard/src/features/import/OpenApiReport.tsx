/** What an import of a document did, or would do. */
import { Check, Copy, Download, Ghost, KeyRound, RefreshCw, SkipForward } from "lucide-react";
import type { OpenApiReport } from "@/api/types";
import { Button } from "@/components/Button";
import { SecretForm } from "@/components/SecretForm";
import { Differing, LeftOut, Names, Part } from "@/features/import/Parts";
import { count, percent } from "@/lib/format";

interface Props {
  report: OpenApiReport;
  /** Nothing has been changed yet. */
  preview: boolean;
  busy: boolean;
  go: () => void;
}

export function OpenApiReportView({ report, preview, busy, go }: Props) {
  const { created, updated, unchanged, skipped, duplicates, gone } = report;
  const come = created.length + updated.length;
  return (
    <section aria-label={preview ? "What would come" : "What has come"} className="card overflow-hidden">
      <header className="space-y-2 p-4">
        <h2>{preview ? "What would come" : "What has come"}</h2>
        <p className="break-words text-soft">
          {report.source}: {count(created.length, "new tool")}, {updated.length} changed, {unchanged.length}{" "}
          unchanged, {skipped.length} left out.
        </p>
        {preview && (
          <Button kind="primary" disabled={busy || come === 0} onClick={go}>
            <Download aria-hidden className="size-4" />{" "}
            {come === 0 ? "Nothing to import" : `Import ${count(come, "tool")}`}
          </Button>
        )}
      </header>
      <Missing report={report} preview={preview} />
      <Part title={preview ? "New tools" : "Imported"} many={created.length} icon={Check} tone="good">
        <Names names={created} there={!preview} />
      </Part>
      <Part title="Changed since the last import" many={updated.length} icon={RefreshCw} tone="busy">
        <Differing tools={updated} there />
      </Part>
      <Part title="Left out" many={skipped.length} icon={SkipForward} tone="warn">
        <LeftOut items={skipped.map(({ operation, reason }) => ({ what: operation, why: reason }))} />
      </Part>
      <Part title="The same as other tools" many={duplicates.length} icon={Copy} tone="warn" open={false}>
        <LeftOut
          items={duplicates.map(({ tool, of, reason }) => ({ what: tool, why: `as ${of}: ${reason}` }))}
        />
      </Part>
      <Part title="No longer in the document" many={gone.length} icon={Ghost} tone="idle">
        <p className="mb-1 text-soft">They were left as they are; delete what you do not want.</p>
        <Names names={gone} there />
      </Part>
      <Part title="Unchanged" many={unchanged.length} icon={Check} tone="idle" open={false}>
        <Names names={unchanged} there />
      </Part>
      <Described report={report} />
    </section>
  );
}

function Missing({ report, preview }: { report: OpenApiReport; preview: boolean }) {
  return (
    <Part title="Secrets that are missing" many={report.missing_secrets.length} icon={KeyRound} tone="warn">
      <p className="mb-2 text-soft">
        {preview ? "Tools that need them will be" : "Tools that need them are"} unavailable until they are
        set.
      </p>
      <ul className="space-y-3">
        {report.missing_secrets.map((name) => (
          <li key={name}>
            <SecretForm name={name} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Described({ report: { quality } }: { report: OpenApiReport }) {
  if (quality.score === null) return null;
  return (
    <div className="space-y-2 border-t px-4 py-3">
      <h3 className="flex items-baseline justify-between gap-3 font-medium">
        How well the document describes its operations
        <span className="figures text-lg whitespace-nowrap">{percent(quality.score)}</span>
      </h3>
      <ul className="space-y-1.5">
        {[...quality.missing, ...quality.notes].map(({ what, count: many, operations }) => (
          <li key={what} className="break-words">
            {what}{" "}
            <span className="figures text-soft">
              ({count(many, "operation")}, such as {operations[0]})
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
