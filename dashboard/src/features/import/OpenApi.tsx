/** An OpenAPI document by its address, its file or its text: first what would come, then the import. */
import { Eye, FileUp } from "lucide-react";
import { useRef } from "react";
import { importOpenApi } from "@/api/imports";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { openApiBody, openApiFaults, type OpenApiDraft } from "@/features/import/draft";
import { OpenApiReportView } from "@/features/import/OpenApiReport";
import { useImport } from "@/features/import/useImport";

interface Props {
  draft: OpenApiDraft;
  change: (draft: OpenApiDraft) => void;
}

export function OpenApi({ draft, change }: Props) {
  const { importing, faults, set, ask } = useImport({
    draft,
    change,
    faultsOf: openApiFaults,
    send: (asked, dryRun) => importOpenApi(openApiBody(asked, dryRun)),
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
        <Origin draft={draft} set={set} faults={faults} />
        <details open={Boolean(draft.include || draft.exclude || draft.prefix || draft.server || draft.auth)}>
          <summary className="mb-2 text-soft">More: which operations, names, address, secrets</summary>
          <Options draft={draft} set={set} faults={faults} />
        </details>
        <Button type="submit" kind="primary" disabled={importing.isPending}>
          <Eye aria-hidden className="size-4" /> {importing.isPending ? "Reading…" : "See what would come"}
        </Button>
      </form>
      <div className="min-w-0 space-y-4" aria-live="polite">
        {importing.error && <Failure error={importing.error} />}
        {importing.data ? (
          <OpenApiReportView
            report={importing.data}
            preview={importing.variables}
            busy={importing.isPending}
            go={() => ask(false)}
          />
        ) : (
          !importing.error && <Explained />
        )}
      </div>
    </div>
  );
}

function Explained() {
  return (
    <div className="card p-4 text-soft">
      Each operation becomes one tool, judged alone. What would come is shown first and changes nothing;
      importing a document again shows what has changed in it.
    </div>
  );
}

interface PartProps {
  draft: OpenApiDraft;
  set: (part: Partial<OpenApiDraft>) => void;
  faults: Partial<Record<keyof OpenApiDraft, string>>;
}

function Origin({ draft, set, faults }: PartProps) {
  const file = useRef<HTMLInputElement>(null);
  return (
    <>
      <fieldset className="flex flex-wrap gap-x-5 gap-y-1">
        <legend className="mb-1 font-medium">Where the document is</legend>
        {(["url", "text"] as const).map((from) => (
          <label key={from} className="flex items-center gap-2">
            <input
              type="radio"
              name="from"
              className="accent-accent"
              checked={draft.from === from}
              onChange={() => set({ from })}
            />
            {from === "url" ? "At an address" : "In a file, or pasted"}
          </label>
        ))}
      </fieldset>
      {draft.from === "url" ? (
        <Labelled label="Address" hint="JSON or YAML; OpenAPI 3.0 to 3.2, or Swagger 2.0." fault={faults.url}>
          {(ids) => (
            <input
              {...ids}
              type="url"
              className="field"
              placeholder="https://api.example.com/openapi.json"
              value={draft.url}
              onChange={({ target }) => set({ url: target.value })}
            />
          )}
        </Labelled>
      ) : (
        <>
          <Labelled
            label="Document"
            hint={draft.file ? `From ${draft.file}.` : "JSON or YAML; OpenAPI 3.0 to 3.2, or Swagger 2.0."}
            fault={faults.text}
          >
            {(ids) => (
              <textarea
                {...ids}
                rows={10}
                spellCheck={false}
                className="field resize-y font-mono text-[0.86rem]"
                value={draft.text}
                onChange={({ target }) => set({ text: target.value, file: "" })}
              />
            )}
          </Labelled>
          <input
            ref={file}
            type="file"
            hidden
            aria-label="The document's file"
            accept=".json,.yaml,.yml,application/json,application/yaml"
            onChange={({ target }) => {
              const chosen = target.files?.[0];
              target.value = "";
              if (chosen) void chosen.text().then((text) => set({ text, file: chosen.name }));
            }}
          />
          <Button onClick={() => file.current?.click()}>
            <FileUp aria-hidden className="size-4" /> Choose a file
          </Button>
        </>
      )}
    </>
  );
}

const OPTIONS = [
  ["include", "Only these operations", "tag:orders path:/users/* method:get operation:listOrders"],
  ["exclude", "All but these", "method:delete"],
  ["prefix", "Put before every name", "shop"],
  ["server", "Base address, in place of the document's", "https://api.example.com/v1"],
  ["auth", "Secrets by security scheme", "api_key=shop_key"],
] as const;

function Options({ draft, set, faults }: PartProps) {
  return OPTIONS.map(([name, label, example]) => (
    <Labelled key={name} label={label} hint={`Such as ${example}`} fault={faults[name]}>
      {(ids) => (
        <input
          {...ids}
          className="field"
          value={draft[name]}
          onChange={({ target }) => set({ [name]: target.value })}
        />
      )}
    </Labelled>
  ));
}
