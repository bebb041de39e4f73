/** What a planner reads of a tool before it chooses it, and what is missing there. */
import { CircleAlert } from "lucide-react";
import type { ToolRecord } from "@/api/types";
import { Json } from "@/components/Json";
import { percent } from "@/lib/format";

export function Document({ tool }: { tool: ToolRecord }) {
  const { docs } = tool;
  return (
    <section aria-label="Document" className="card space-y-3 p-4">
      <h2>Document</h2>
      {tool.description ? (
        <p className="max-h-72 overflow-auto break-words whitespace-pre-wrap" tabIndex={0}>
          {tool.description}
        </p>
      ) : (
        <p className="text-soft">It has no description beyond its summary.</p>
      )}
      {docs.when_to_use && <Said what="When to use it">{docs.when_to_use}</Said>}
      {docs.errors.length > 0 && <Said what="Errors">{docs.errors.join("; ")}</Said>}
      {docs.run_before.length > 0 && <Said what="Runs before it">{docs.run_before.join(", ")}</Said>}
      {docs.run_after.length > 0 && <Said what="Runs after it">{docs.run_after.join(", ")}</Said>}
      {tool.does.length > 0 && <Said what="Jobs it does">{tool.does.join(", ")}</Said>}
      {tool.tags.length > 0 && <Said what="Tags">{tool.tags.join(", ")}</Said>}
      {docs.examples.map((example, number) => (
        <Json key={number} value={example} label={`Example ${number + 1}`} />
      ))}
    </section>
  );
}

function Said({ what, children }: { what: string; children: string }) {
  return (
    <div>
      <h3 className="text-[0.86rem] text-soft">{what}</h3>
      <p className="break-words">{children}</p>
    </div>
  );
}

export function Quality({ tool }: { tool: ToolRecord }) {
  return (
    <section aria-label="Quality of the document" className="card space-y-2 p-4">
      <h2 className="flex items-baseline justify-between gap-3">
        Quality of the document <span className="figures text-lg">{percent(tool.quality_score)}</span>
      </h2>
      <progress
        aria-label="Quality of the document"
        value={tool.quality_score}
        max={1}
        className="block h-1.5 w-full overflow-hidden rounded-full accent-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
      />
      {tool.quality.length === 0 ? (
        <p className="text-soft">Nothing is missing.</p>
      ) : (
        <ul aria-label="What is missing" className="space-y-1.5">
          {tool.quality.map(({ field, hint }) => (
            <li key={field + hint} className="flex gap-2">
              <CircleAlert aria-hidden className="mt-1 size-3.5 shrink-0 text-warn" />
              <span className="min-w-0 break-words">
                <code>{field}</code>: {hint}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
