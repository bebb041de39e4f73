/** What each try at a step sent and got, as recorded; from the second one on, what had changed. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { exchangesQuery } from "@/api/runs";
import type { Exchange, Step } from "@/api/types";
import { Diff } from "@/components/Diff";
import { ENDINGS, messageOf } from "@/features/run/words";

export function Exchanges({ run, step }: { run: string; step: Step }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="font-medium">Request and reply, as recorded</summary>
      {open && <Read run={run} step={step} />}
    </details>
  );
}

function Read({ run, step }: { run: string; step: Step }) {
  const found = useQuery(exchangesQuery(run, step.key, step.attempts.length));
  if (found.error) return <p className="mt-2 text-bad">{found.error.message}</p>;
  if (!found.data) return <p className="mt-2 text-soft">Reading…</p>;
  const { items } = found.data;
  if (items.length === 0) return <p className="mt-2 text-soft">No call has ended yet.</p>;
  return (
    <ol className="mt-2 space-y-4">
      {items.map((one, at) => (
        <li key={one.attempt} className="space-y-1.5 border-l-2 pl-3">
          <p>
            {at + 1}. {ENDINGS[one.ending]}
          </p>
          <Told one={one} before={items[at - 1]} />
        </li>
      ))}
    </ol>
  );
}

function Told({ one, before }: { one: Exchange; before: Exchange | undefined }) {
  if (one.request === null)
    return <p className="text-soft">No call was made, or nothing was recorded of it.</p>;
  return (
    <>
      <Words name="Request" text={one.request} before={before?.request} />
      {one.reply !== null && <Words name="Reply" text={one.reply} before={before?.reply} />}
      {one.error && <p className="break-words text-bad">{messageOf(one.error)}</p>}
    </>
  );
}

function Words({ name, text, before }: { name: string; text: string; before: string | null | undefined }) {
  const [now, then] = [pretty(text), before == null ? null : pretty(before)];
  const changed = then !== null && then !== now;
  return (
    <div>
      <p className="text-[0.86rem] text-soft">
        {name}
        {then !== null && (changed ? ", with what changed" : ", unchanged")}
      </p>
      {changed ? (
        <Diff one={then} other={now} by="lines" label={`${name}, with what changed`} />
      ) : (
        <pre
          tabIndex={0}
          aria-label={name}
          className="max-h-72 overflow-auto rounded-md bg-sunken p-3 text-[0.82rem] leading-relaxed break-words whitespace-pre-wrap"
        >
          {now}
        </pre>
      )}
    </div>
  );
}

/** JSON in lines; a text that was cut is no JSON any more and stays as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
