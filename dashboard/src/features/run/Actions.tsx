import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CirclePause, CirclePlay, Pencil, RotateCcw } from "lucide-react";
import { act, ACTIONS, type RunAction } from "@/api/runs";
import type { Run } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";

const LOOKS = {
  cancel: { word: "Cancel", icon: Ban, kind: "danger" },
  pause: { word: "Pause", icon: CirclePause, kind: "plain" },
  resume: { word: "Resume", icon: CirclePlay, kind: "primary" },
  retry: { word: "Retry", icon: RotateCcw, kind: "primary" },
} as const satisfies Record<RunAction, unknown>;

export function Actions({ run }: { run: Run }) {
  const queries = useQueryClient();
  const doing = useMutation({
    mutationFn: (action: RunAction) => act(run, action),
    onSuccess: (now) => queries.setQueryData(["run", run.id], now),
    onError: () => queries.invalidateQueries({ queryKey: ["run", run.id] }),
  });
  return (
    <>
      {doing.error && (
        <p role="alert" className="max-w-sm text-bad">
          {doing.error.message}
        </p>
      )}
      {run.status === "planned" && run.plan && (
        <Link
          to="/plans/$id"
          params={{ id: run.plan.id }}
          search={{ run: run.id }}
          className={buttonClass("plain")}
        >
          <Pencil aria-hidden className="size-4" /> Change the plan
        </Link>
      )}
      {ACTIONS[run.status].map((action) => {
        const { word, icon: Icon, kind } = LOOKS[action];
        return (
          <Button key={action} kind={kind} disabled={doing.isPending} onClick={() => doing.mutate(action)}>
            <Icon aria-hidden className="size-4" />
            {run.status === "planned" && action === "resume" ? "Run this plan" : word}
          </Button>
        );
      })}
    </>
  );
}
