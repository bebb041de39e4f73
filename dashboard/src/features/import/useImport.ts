/** An import in two steps: a form whose faults show once it was sent, what would come, then the import itself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

interface Asked<Draft, Report> {
  draft: Draft;
  change: (draft: Draft) => void;
  faultsOf: (draft: Draft) => Partial<Record<keyof Draft, string>>;
  send: (draft: Draft, dryRun: boolean) => Promise<Report>;
}

export function useImport<Draft extends object, Report>({
  draft,
  change,
  faultsOf,
  send,
}: Asked<Draft, Report>) {
  const queries = useQueryClient();
  const [pressed, setPressed] = useState(false);
  const importing = useMutation({
    mutationFn: (dryRun: boolean) => send(draft, dryRun),
    onSuccess: (_, dryRun) => {
      if (!dryRun)
        for (const key of ["tools", "sources", "tool"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  const wrong = faultsOf(draft);
  const set = (part: Partial<Draft>) => {
    change({ ...draft, ...part });
    importing.reset();
  };
  const ask = (dryRun: boolean) => {
    setPressed(true);
    if (Object.keys(wrong).length === 0) importing.mutate(dryRun);
  };
  return { importing, faults: pressed ? wrong : {}, set, ask };
}
