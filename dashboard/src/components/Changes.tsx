/** What became different, side by side: what was struck out, and what took its place. */
import { Minus, Plus } from "lucide-react";
import type { Change } from "@/api/types";

export function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <ul aria-label="Changes" className="space-y-2.5">
      {changes.map((change) => (
        <li key={change.what} className="space-y-1">
          <p className="font-medium break-words">
            {change.what} <span className="font-normal text-soft">{change.change}</span>
          </p>
          <Side value={change.before} sign="Before" />
          <Side value={change.after} sign="After" />
        </li>
      ))}
    </ul>
  );
}

function Side({ value, sign }: { value: unknown; sign: "Before" | "After" }) {
  if (value === null || value === undefined) return null;
  const before = sign === "Before";
  const Icon = before ? Minus : Plus;
  return (
    <div
      className={`flex gap-2 rounded-md px-2.5 py-1 ${before ? "bg-bad-wash text-bad" : "bg-good-wash text-good"}`}
    >
      <Icon aria-label={sign} className="mt-1 size-3.5 shrink-0" />
      <pre tabIndex={0} className="max-h-60 min-w-0 overflow-auto break-words whitespace-pre-wrap">
        {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
      </pre>
    </div>
  );
}
