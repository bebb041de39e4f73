import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey, KeyIn, NewKey } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { bodyOf, faults, type KeyDraft } from "@/features/settings/keyDraft";

interface Props {
  label: string;
  draft: KeyDraft;
  save: (body: KeyIn) => Promise<ApiKey | NewKey>;
  saved: (key: ApiKey | NewKey) => void;
  cancel: () => void;
}

const FIELDS = [
  ["name", "For", "A person, a team, a program."],
  ["total", "Cap in all, $ (optional)", "None where it is empty."],
  ["day", "Cap a day, $ (optional)", "By UTC."],
  ["month", "Cap a month, $ (optional)", "By UTC."],
  ["concurrency", "Calls at once (optional)", ""],
  ["rate", "Calls a second (optional)", ""],
] as const;

export function KeyForm({ label, draft: first, save, saved, cancel }: Props) {
  const [draft, setDraft] = useState(first);
  const [pressed, setPressed] = useState(false);
  const saving = useMutation({ mutationFn: () => save(bodyOf(draft)), onSuccess: saved, gcTime: 0 });
  const wrong = faults(draft);
  const shown = pressed ? wrong : {};
  return (
    <form
      noValidate
      aria-label={label}
      className="card grid gap-x-4 gap-y-2 p-4 sm:grid-cols-3"
      onSubmit={(event) => {
        event.preventDefault();
        setPressed(true);
        if (Object.keys(wrong).length === 0) saving.mutate();
      }}
    >
      {FIELDS.map(([name, title, hint]) => (
        <Labelled key={name} label={title} hint={hint} fault={shown[name]}>
          {(ids) => (
            <input
              {...ids}
              className="field"
              maxLength={200}
              value={draft[name]}
              onChange={({ target }) => setDraft({ ...draft, [name]: target.value })}
            />
          )}
        </Labelled>
      ))}
      <div className="space-y-3 sm:col-span-3">
        {saving.error && <Failure error={saving.error} />}
        <div className="flex gap-2">
          <Button type="submit" kind="primary" disabled={saving.isPending}>
            {label === "New key" ? "Make the key" : "Save"}
          </Button>
          <Button onClick={cancel}>Cancel</Button>
        </div>
      </div>
    </form>
  );
}
