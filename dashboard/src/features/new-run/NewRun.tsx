import { useMutation } from "@tanstack/react-query";
import { FileUp, Play, X } from "lucide-react";
import { useRef, useState, type SubmitEvent } from "react";
import { makePlan } from "@/api/plans";
import { submit, upload } from "@/api/runs";
import { refusedFields } from "@/api/wish";
import type { Run, StoredPlan } from "@/api/types";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { Wishes } from "@/components/Wishes";
import { bodyOf, faults, STARTS, type Draft, type Start } from "@/features/new-run/draft";

interface Props {
  draft: Draft;
  change: (draft: Draft) => void;
  started: (run: Run) => void;
  planned: (plan: StoredPlan) => void;
}

export function NewRun({ draft, change, started, planned }: Props) {
  const [tried, setTried] = useState(false);
  // The same key for the same words: a second press, or one after a cut line, makes no second run.
  const key = useRef({ body: "", key: "" });
  const start = useMutation({
    mutationFn: async () => {
      const body = bodyOf(draft);
      if (draft.start === "first") {
        planned(await makePlan(body));
        return;
      }
      const text = JSON.stringify(body);
      if (key.current.body !== text) key.current = { body: text, key: crypto.randomUUID() };
      started(await submit(body, key.current.key));
    },
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
        <Wishes
          wish={draft}
          faults={{ ...refusedFields(start.error), ...shown }}
          change={(wish) => change({ ...draft, ...wish })}
        />
        <Starts start={draft.start} change={set("start")} />
        {start.error && <Failure error={start.error} />}
        <Button type="submit" kind="primary" disabled={start.isPending} className="w-full">
          <Play aria-hidden className="size-4" /> {start.isPending ? BUSY[draft.start] : STARTS[draft.start]}
        </Button>
      </div>
    </form>
  );
}

function Starts({ start, change }: { start: Start; change: (start: Start) => void }) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium">When to run</legend>
      <div className="space-y-1">
        {(Object.keys(STARTS) as Start[]).map((one) => (
          <label key={one} className="flex items-center gap-2">
            <input
              type="radio"
              name="start"
              className="accent-accent"
              checked={start === one}
              onChange={() => change(one)}
            />
            {STARTS[one]}
          </label>
        ))}
      </div>
      <p className="mt-1 min-h-5 text-[0.86rem] text-soft">{HINTS[start]}</p>
    </fieldset>
  );
}

const HINTS = {
  auto: "It starts as soon as it is planned.",
  first: "See the plan and its quote, change both, then run it.",
  approve: "A run that waits for your word before its first call.",
} as const satisfies Record<Start, string>;

const BUSY = {
  auto: "Starting…",
  first: "Planning…",
  approve: "Starting…",
} as const satisfies Record<Start, string>;

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
