import { useMutation } from "@tanstack/react-query";
import { FileUp, Play, X } from "lucide-react";
import { useRef, useState, type SubmitEvent } from "react";
import { submit, upload } from "@/api/runs";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { bodyOf, faults, MODES, type Draft, type Mode } from "@/features/new-run/draft";

interface Props {
  draft: Draft;
  change: (draft: Draft) => void;
  started: (run: Run) => void;
}

export function NewRun({ draft, change, started }: Props) {
  const [tried, setTried] = useState(false);
  // The same key for the same words: a second press, or one after a cut line, makes no second run.
  const key = useRef({ body: "", key: "" });
  const start = useMutation({
    mutationFn: () => {
      const body = bodyOf(draft);
      const text = JSON.stringify(body);
      if (key.current.body !== text) key.current = { body: text, key: crypto.randomUUID() };
      return submit(body, key.current.key);
    },
    onSuccess: started,
  });
  const wrong = faults(draft);
  const shown = tried ? wrong : {};
  const set =
    <K extends keyof Draft>(name: K) =>
    (value: Draft[K]) =>
      change({ ...draft, [name]: value });
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length === 0) start.mutate();
  };
  return (
    <form
      onSubmit={onSubmit}
      noValidate
      className="grid gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(18rem,2fr)]"
    >
      <div className="card space-y-3 p-4 sm:p-5">
        <Labelled
          label="What do you want done?"
          hint="In plain words; Ctrl-Enter starts."
          fault={shown.request}
        >
          {(ids) => (
            <textarea
              {...ids}
              autoFocus
              rows={8}
              maxLength={20_000}
              className="field resize-y"
              placeholder="Fetch https://example.org, summarise it in five sentences and read it aloud"
              value={draft.request}
              onChange={({ target }) => set("request")(target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
                  event.currentTarget.form?.requestSubmit();
              }}
            />
          )}
        </Labelled>
        <Files draft={draft} change={change} />
        <Labelled label="Labels" hint="To find it again: team:x, env:prod" fault={shown.labels}>
          {(ids) => (
            <input
              {...ids}
              className="field"
              value={draft.labels}
              onChange={({ target }) => set("labels")(target.value)}
            />
          )}
        </Labelled>
      </div>
      <div className="card space-y-4 p-4 sm:p-5">
        <Preference alpha={draft.alpha} change={set("alpha")} />
        <div className="grid grid-cols-2 gap-x-3">
          <Limit label="Budget, $" hint="None" fault={shown.usd} value={draft.usd} change={set("usd")} />
          <Limit
            label="Deadline, s"
            hint="None"
            fault={shown.seconds}
            value={draft.seconds}
            change={set("seconds")}
          />
          <Limit
            label="Lowest quality"
            hint="None; 0 to 1"
            fault={shown.quality}
            value={draft.quality}
            change={set("quality")}
          />
        </div>
        <Modes mode={draft.mode} change={set("mode")} />
        {start.error && <Failure error={start.error} />}
        <Button type="submit" kind="primary" disabled={start.isPending} className="w-full">
          <Play aria-hidden className="size-4" /> {start.isPending ? "Starting…" : MODES[draft.mode]}
        </Button>
      </div>
    </form>
  );
}

function Preference({ alpha, change }: { alpha: number; change: (alpha: number) => void }) {
  const words =
    alpha < 0.4
      ? "the best there is"
      : alpha < 0.9
        ? "rather good"
        : alpha <= 1.1
          ? "balanced"
          : alpha < 1.7
            ? "rather cheap"
            : "the cheapest";
  return (
    <Labelled label="Quality or cost" hint={`${words}: alpha ${alpha.toFixed(1)}`}>
      {(ids) => (
        <div>
          <input
            {...ids}
            type="range"
            min={0}
            max={2}
            step={0.1}
            className="w-full accent-accent"
            aria-valuetext={`${words}, alpha ${alpha.toFixed(1)}`}
            value={alpha}
            onChange={({ target }) => change(Number(target.value))}
          />
          <div aria-hidden className="flex justify-between text-[0.86rem] text-soft">
            <span>Quality</span>
            <span>Cost</span>
          </div>
        </div>
      )}
    </Labelled>
  );
}

interface LimitProps {
  label: string;
  hint: string;
  fault: string | undefined;
  value: string;
  change: (value: string) => void;
}

function Limit({ label, hint, fault, value, change }: LimitProps) {
  return (
    <Labelled label={label} hint={hint} fault={fault}>
      {(ids) => (
        <input
          {...ids}
          inputMode="decimal"
          className="field figures"
          value={value}
          onChange={({ target }) => change(target.value)}
        />
      )}
    </Labelled>
  );
}

function Modes({ mode, change }: { mode: Mode; change: (mode: Mode) => void }) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium">When to run</legend>
      <div className="space-y-1">
        {(Object.keys(MODES) as Mode[]).map((one) => (
          <label key={one} className="flex items-center gap-2">
            <input
              type="radio"
              name="mode"
              className="accent-accent"
              checked={mode === one}
              onChange={() => change(one)}
            />
            {MODES[one]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Files({ draft, change }: { draft: Draft; change: (draft: Draft) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const send = useMutation({
    mutationFn: (files: File[]) =>
      Promise.all(files.map(async (file) => ({ name: file.name, artifact: (await upload(file)).id }))),
    onSuccess: (sent) => change({ ...draft, files: [...draft.files, ...sent] }),
  });
  return (
    <div>
      <p className="mb-1 font-medium">Files</p>
      <ul className="mb-2 flex flex-wrap gap-1.5 empty:hidden">
        {draft.files.map((file) => (
          <li key={file.artifact} className="flex items-center gap-1 rounded-md bg-sunken py-0.5 pr-1 pl-2.5">
            {file.name}
            <button
              type="button"
              aria-label={`Remove ${file.name}`}
              className="rounded p-1 text-soft hover:text-ink"
              onClick={() => change({ ...draft, files: draft.files.filter((one) => one !== file) })}
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        ))}
      </ul>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          target.value = "";
          if (files.length > 0) send.mutate(files);
        }}
      />
      <Button onClick={() => input.current?.click()} disabled={send.isPending}>
        <FileUp aria-hidden className="size-4" /> {send.isPending ? "Uploading…" : "Add files"}
      </Button>
      {send.error && <Failure error={send.error} />}
    </div>
  );
}
