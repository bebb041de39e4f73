import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeEndpoint, registerEndpoint } from "@/api/operations";
import type { Endpoint, Protocol } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { bodyOf, faults, type Draft } from "@/features/endpoints/draft";
import { PROTOCOLS } from "@/features/endpoints/looks";

interface Props {
  /** The one that is changed; without it a new one is made. */
  there?: Endpoint;
  draft: Draft;
  change: (draft: Draft) => void;
  done: () => void;
}

const FIELDS = [
  ["tags", "Tags", "By spaces."],
  ["concurrency", "Calls at once", "Over all servers; no limit where it is empty."],
  ["bearer", "Secret to send as bearer", "The name of a secret, not its value."],
] as const;

export function Register({ there, draft, change, done }: Props) {
  const queries = useQueryClient();
  const [pressed, setPressed] = useState(false);
  const making = useMutation({
    mutationFn: () => (there ? changeEndpoint(bodyOf(draft, there)) : registerEndpoint(bodyOf(draft))),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
      done();
    },
  });
  const wrong = faults(draft);
  const shown = pressed ? wrong : {};
  const set = (part: Partial<Draft>) => change({ ...draft, ...part });
  return (
    <form
      noValidate
      aria-label={there ? `Change ${there.name}` : "Register an endpoint"}
      className="card grid gap-x-4 gap-y-2 p-4 sm:grid-cols-2 sm:p-5"
      onSubmit={(event) => {
        event.preventDefault();
        setPressed(true);
        if (Object.keys(wrong).length === 0) making.mutate();
      }}
    >
      <Labelled
        label="Name"
        hint={there ? "Tools name it, so it stays." : "Tools name it."}
        fault={shown.name}
      >
        {(ids) => (
          <input
            {...ids}
            className="field"
            readOnly={there !== undefined}
            value={draft.name}
            onChange={({ target }) => set({ name: target.value })}
          />
        )}
      </Labelled>
      <Labelled label="Protocol">
        {(ids) => (
          <select
            {...ids}
            className="field"
            value={draft.protocol}
            onChange={({ target }) => set({ protocol: target.value as Protocol })}
          >
            {Object.entries(PROTOCOLS).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <div>
        <Labelled label="Servers" hint="One address a line; they answer alike." fault={shown.servers}>
          {(ids) => (
            <textarea
              {...ids}
              rows={3}
              spellCheck={false}
              className="field resize-y"
              placeholder="http://gpu-1:8000/v1"
              value={draft.servers}
              onChange={({ target }) => set({ servers: target.value })}
            />
          )}
        </Labelled>
      </div>
      <Labelled
        label="Models (optional)"
        hint="One a line: its name, then dollars for 1,000 tokens in and out. Empty for all that the servers have."
        fault={shown.models}
      >
        {(ids) => (
          <textarea
            {...ids}
            rows={3}
            spellCheck={false}
            className="field resize-y"
            placeholder="llama 0.0004 0.0016"
            value={draft.models}
            onChange={({ target }) => set({ models: target.value })}
          />
        )}
      </Labelled>
      {FIELDS.map(([name, label, hint]) => (
        <Labelled key={name} label={`${label} (optional)`} hint={hint} fault={shown[name]}>
          {(ids) => (
            <input
              {...ids}
              className="field"
              value={draft[name]}
              onChange={({ target }) => set({ [name]: target.value })}
            />
          )}
        </Labelled>
      ))}
      <div className="space-y-3 sm:col-span-2">
        {making.error && <Failure error={making.error} />}
        <div className="flex gap-2">
          <Button type="submit" kind="primary" disabled={making.isPending}>
            {making.isPending ? "Looking at the servers…" : there ? "Change it" : "Register"}
          </Button>
          <Button onClick={done}>Cancel</Button>
        </div>
      </div>
    </form>
  );
}
