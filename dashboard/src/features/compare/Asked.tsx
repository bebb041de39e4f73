/** What was asked otherwise: the words, the inputs, preference, limits and tools. */
import { Equal } from "lucide-react";
import type { RunDiff } from "@/api/types";
import { Diff } from "@/components/Diff";

export function Asked({ diff }: { diff: RunDiff }) {
  const { request, inputs, settings, plan } = diff;
  const fields = Object.entries(inputs).map(([name, two]) => [`input ${name}`, two] as const);
  const rows = [...fields, ...Object.entries(settings)];
  const planned = [
    ["Only in the first plan", plan.removed],
    ["Only in the second plan", plan.added],
    ["Planned otherwise", Object.keys(plan.changed)],
  ] as const;
  const nothing = !request && rows.length === 0 && planned.every(([, ids]) => ids.length === 0);
  return (
    <section aria-label="What was asked and planned" className="card space-y-3 p-4">
      {nothing && (
        <p className="flex items-center gap-2 text-soft">
          <Equal aria-hidden className="size-4" /> The same was asked, and the same sub-tasks were planned.
        </p>
      )}
      {request && <Diff one={request.one ?? ""} other={request.other ?? ""} label="The request" />}
      {rows.length > 0 && (
        <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Settings that differ">
          <table className="w-full text-left">
            <thead className="text-[0.86rem] text-soft">
              <tr>
                {["Setting", "First run", "Second run"].map((name) => (
                  <th key={name} scope="col" className="py-1 pr-4 font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {rows.map(([name, { one, other }]) => (
                <tr key={name}>
                  <th scope="row" className="py-1 pr-4 font-normal">
                    <code>{name}</code>
                  </th>
                  <td className="py-1 pr-4 break-words">{said(one)}</td>
                  <td className="py-1 pr-4 break-words">{said(other)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {planned.map(([words, ids]) =>
        ids.length > 0 ? (
          <p key={words} className="break-words">
            <span className="text-soft">{words}:</span> {ids.join(", ")}
          </p>
        ) : null,
      )}
    </section>
  );
}

function said(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value) && value.length === 0) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
