/** One act on many runs, and what became of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CirclePause, CirclePlay, RotateCcw, TriangleAlert, X } from "lucide-react";
import { useState } from "react";
import { actOnMany } from "@/api/runs";
import type { BulkAction, BulkReport } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Failure } from "@/components/Notice";
import { count } from "@/lib/format";

// An act that the service has and this table lacks breaks the build.
const ACTS = {
  cancel: { word: "Cancel", done: "cancelled", icon: Ban },
  retry: { word: "Retry", done: "started again", icon: RotateCcw },
  pause: { word: "Pause", done: "paused", icon: CirclePause },
  resume: { word: "Resume", done: "resumed", icon: CirclePlay },
} as const satisfies Record<BulkAction, unknown>;

interface Props {
  /** The runs shown, and those of them that are chosen. */
  shown: readonly string[];
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}

export function Bulk({ shown, chosen, choose }: Props) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const acting = useMutation({
    mutationFn: (action: BulkAction) => actOnMany([...chosen], action),
    // Those that refused stay chosen, for another act.
    onSuccess: ({ refused }) => choose(new Set(refused.map(({ id }) => id))),
    onSettled: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
  const all = shown.length > 0 && shown.every((id) => chosen.has(id));
  const start = (action: BulkAction) => {
    if (action === "cancel") setAsking(true);
    else acting.mutate(action);
  };
  return (
    <>
      <div className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-1.5">
        <label className="flex items-center gap-3 text-soft">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={all}
            disabled={shown.length === 0}
            onChange={() => choose(new Set(all ? [] : shown))}
          />
          {chosen.size > 0 ? `${chosen.size} chosen` : `Choose all ${shown.length} shown`}
        </label>
        {chosen.size > 0 &&
          (Object.keys(ACTS) as BulkAction[]).map((action) => {
            const { word, icon: Icon } = ACTS[action];
            return (
              <Button key={action} small disabled={acting.isPending} onClick={() => start(action)}>
                <Icon aria-hidden className="size-3.5" /> {word} <span className="sr-only">those chosen</span>
              </Button>
            );
          })}
      </div>
      {acting.error && <Failure error={acting.error} />}
      {acting.data && <Report report={acting.data} action={acting.variables} close={acting.reset} />}
      {asking && (
        <Dialog label="Cancel runs" close={() => setAsking(false)}>
          <div className="space-y-4 p-5">
            <p>Cancel {count(chosen.size, "run")}? Calls in flight are stopped.</p>
            <div className="flex justify-end gap-2">
              <Button onClick={() => setAsking(false)}>Keep them</Button>
              <Button
                kind="danger"
                onClick={() => {
                  setAsking(false);
                  acting.mutate("cancel");
                }}
              >
                Cancel {count(chosen.size, "run")}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Report({ report, action, close }: { report: BulkReport; action: BulkAction; close: () => void }) {
  const { done, refused } = report;
  return (
    <div role="status" className="flex items-start gap-3 border-b bg-page px-4 py-2.5">
      <div className="min-w-0 flex-1 space-y-1">
        <p>
          {count(done.length, "run")} {ACTS[action].done}
          {refused.length > 0 ? `; ${refused.length} refused:` : "."}
        </p>
        {refused.length > 0 && (
          <ul className="max-h-60 space-y-0.5 overflow-auto text-[0.9rem]">
            {refused.map(({ id, reason }) => (
              <li key={id} className="flex gap-2">
                <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
                <span className="min-w-0 break-words">
                  <Link to="/runs/$id" params={{ id }} className="text-accent underline">
                    {id}
                  </Link>
                  : {reason}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Button kind="quiet" small onClick={close} aria-label="Close this report">
        <X aria-hidden className="size-4" />
      </Button>
    </div>
  );
}
