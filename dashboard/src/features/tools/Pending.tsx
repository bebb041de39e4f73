/** A definition that its server has changed: the difference, and a person's word on it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, ShieldAlert, X } from "lucide-react";
import { approve, disable } from "@/api/tools";
import type { ToolRecord } from "@/api/types";
import { Button } from "@/components/Button";
import { Changes } from "@/components/Changes";
import { Failure } from "@/components/Notice";

type Waiting = NonNullable<ToolRecord["pending"]>;

export function Pending({ tool, pending }: { tool: ToolRecord; pending: Waiting }) {
  const queries = useQueryClient();
  const saying = useMutation({
    mutationFn: (good: boolean) =>
      good ? approve(tool.name, pending.hash) : disable(tool.name, "its changed definition was rejected"),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tool", tool.name] }),
  });
  return (
    <section aria-label="Changed definition" className="card space-y-3 border-bad p-4">
      <h2 className="flex items-center gap-2">
        <ShieldAlert aria-hidden className="size-5 text-bad" /> Its server has changed what this tool is
      </h2>
      <p className="text-soft">
        It is not planned with and not called until you approve the change. Read it with care: descriptions
        are the server&rsquo;s own words, and may try to talk a planner into something.
      </p>
      <Changes changes={pending.changes} />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" disabled={saying.isPending} onClick={() => saying.mutate(true)}>
          <Check aria-hidden className="size-4" /> Approve the change
        </Button>
        {tool.status !== "disabled" && (
          <Button kind="danger" disabled={saying.isPending} onClick={() => saying.mutate(false)}>
            <X aria-hidden className="size-4" /> Reject it, disable the tool
          </Button>
        )}
      </div>
      {saying.error && <Failure error={saying.error} />}
    </section>
  );
}
