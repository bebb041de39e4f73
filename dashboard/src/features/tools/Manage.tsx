/** What can be done with a tool as a whole. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, CircleCheck, Trash2 } from "lucide-react";
import { disable, enable, remove } from "@/api/tools";
import type { ToolRecord } from "@/api/types";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";

export function Manage({ tool, gone }: { tool: ToolRecord; gone: () => void }) {
  const queries = useQueryClient();
  const switching = useMutation({
    mutationFn: () =>
      tool.status === "disabled" ? enable(tool.name) : disable(tool.name, "disabled on the dashboard"),
    onSuccess: (now) => queries.setQueryData(["tool", tool.name], now),
    onSettled: () => queries.invalidateQueries({ queryKey: ["tools"] }),
  });
  const removing = useMutation({ mutationFn: () => remove(tool.name), onSuccess: gone });
  const error = switching.error ?? removing.error;
  return (
    <>
      <Button small disabled={switching.isPending} onClick={() => switching.mutate()}>
        {tool.status === "disabled" ? (
          <>
            <CircleCheck aria-hidden className="size-4" /> Enable
          </>
        ) : (
          <>
            <Ban aria-hidden className="size-4" /> Disable
          </>
        )}
      </Button>
      <Confirm
        word={
          <>
            <Trash2 aria-hidden className="size-4" /> Delete
          </>
        }
        title={`Delete ${tool.name}?`}
        act="Delete the tool"
        busy={removing.isPending}
        onConfirm={() => removing.mutate()}
      >
        It is found no more, and nothing new is planned with it. Runs that are planned with it go on.
      </Confirm>
      {error && (
        <span role="alert" className="text-bad">
          {error.message}
        </span>
      )}
    </>
  );
}
