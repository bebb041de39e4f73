/** Running a step again with all that follows from it, as it was or with other arguments. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pencil, RotateCcw } from "lucide-react";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { retryFrom } from "@/api/runs";
import type { Run, Step } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { edited, faultOf, textsOf } from "@/features/run/edits";

export function Again({ run, step }: { run: Run; step: Step }) {
  const [editing, setEditing] = useState(false);
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: (edits: Record<string, unknown>) => retryFrom(run.id, step.key, edits),
    onSuccess: (now) => {
      setEditing(false);
      queries.setQueryData(["run", run.id], now);
    },
  });
  if (editing)
    return (
      <Arguments
        step={step}
        error={again.error}
        pending={again.isPending}
        go={(edits) => again.mutate(edits)}
        leave={() => {
          again.reset();
          setEditing(false);
        }}
      />
    );
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap gap-2">
        <Button small disabled={again.isPending} onClick={() => again.mutate({})}>
          <RotateCcw aria-hidden className="size-3.5" /> Retry from here
        </Button>
        {Object.keys(step.arguments).length > 0 && (
          <Button small onClick={() => setEditing(true)}>
            <Pencil aria-hidden className="size-3.5" /> Edit and continue
          </Button>
        )}
      </div>
      <p className="text-[0.86rem] text-soft">
        This step and what follows from it run again; the rest is kept.
      </p>
      {again.error && (
        <p role="alert" className="text-bad">
          {again.error.message}
        </p>
      )}
    </div>
  );
}

interface ArgumentsProps {
  step: Step;
  error: Error | null;
  pending: boolean;
  go: (edits: Record<string, unknown>) => void;
  leave: () => void;
}

function Arguments({ step, error, pending, go, leave }: ArgumentsProps) {
  const [texts, setTexts] = useState(() => textsOf(step.arguments));
  const { edits, faults } = edited(step.arguments, texts);
  const refused = error instanceof ApiError ? error.fields : [];
  const ready = Object.keys(edits).length > 0 && Object.keys(faults).length === 0;
  return (
    <form
      aria-label="Edit the arguments"
      className="space-y-2 rounded-md border p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) go(edits);
      }}
    >
      {Object.entries(texts).map(([name, text]) => (
        <Labelled key={name} label={name} fault={faults[name] ?? faultOf(refused, name)}>
          {(ids) => (
            <textarea
              {...ids}
              rows={Math.min(text.split("\n").length + (text.length > 60 ? 2 : 0), 8)}
              spellCheck={typeof step.arguments[name] === "string"}
              className="field font-mono text-[0.88rem]"
              value={text}
              onChange={({ target }) => setTexts({ ...texts, [name]: target.value })}
            />
          )}
        </Labelled>
      ))}
      {error && (
        <p role="alert" className="break-words text-bad">
          {error.message}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" small type="submit" disabled={!ready || pending}>
          Continue with these
        </Button>
        <Button small onClick={leave}>
          Leave it as it was
        </Button>
      </div>
    </form>
  );
}
