import { Split } from "lucide-react";
import type { Reason } from "@/api/types";

/** Whom a reason speaks of. */
const SIDES = { one: "First run: ", other: "Second run: ", both: "" } as const satisfies Record<
  Reason["side"],
  string
>;

/** Why other tools did it, one fact a line. */
export function Reasons({ why, named }: { why: readonly Reason[]; named: boolean }) {
  if (why.length === 0) return null;
  return (
    <ul aria-label="Why other tools did it" className="space-y-1">
      {why.map((reason) => (
        <li key={reason.text} className="flex gap-2 break-words">
          <Split aria-hidden className="mt-1 size-4 shrink-0 text-accent" />
          <span className="min-w-0">
            {named && SIDES[reason.side]}
            {reason.text}
          </span>
        </li>
      ))}
    </ul>
  );
}
