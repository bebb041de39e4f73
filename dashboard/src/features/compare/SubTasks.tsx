/** The sub-tasks of two runs beside one another: by which tools, why, and what each took. */
import { Equal } from "lucide-react";
import type { QuoteDiff, RunDiff, SubTaskDiff } from "@/api/types";
import { Diff } from "@/components/Diff";
import { alike } from "@/lib/diff";
import { Reasons } from "@/features/compare/Reasons";
import { DoneBy, Expected } from "@/features/compare/Sides";

export function SubTasks({ diff }: { diff: RunDiff }) {
  return (
    <section aria-label="Sub-tasks" className="card divide-y">
      {diff.subtasks.length === 0 && <p className="p-4 text-soft">Neither has a plan yet.</p>}
      {diff.subtasks.map((subtask) => (
        <article key={subtask.id} className="space-y-3 p-4" aria-label={`Sub-task ${subtask.id}`}>
          <Goal subtask={subtask} />
          <div className="grid gap-x-6 gap-y-3 md:grid-cols-2">
            {[subtask.one, subtask.other].map((done, number) =>
              done ? (
                <DoneBy key={number} title={number === 0 ? "First run" : "Second run"} done={done} />
              ) : (
                <p key={number} className="text-soft">
                  {number === 0 ? "The first" : "The second"} run&rsquo;s plan has no such sub-task.
                </p>
              ),
            )}
          </div>
          <Reasons why={subtask.why} named />
          <Arguments subtask={subtask} />
        </article>
      ))}
    </section>
  );
}

function Goal({ subtask: { id, one, other } }: { subtask: SubTaskDiff }) {
  const [mine, theirs] = [one?.goal, other?.goal];
  return (
    <div className="space-y-1.5">
      <h3 className="font-semibold break-words">
        {id}
        {(mine ?? theirs) && mine === theirs ? `: ${mine}` : ""}
        {(!mine || !theirs) && `: ${mine ?? theirs ?? ""}`}
      </h3>
      {mine && theirs && mine !== theirs && <Diff one={mine} other={theirs} label={`What ${id} is to do`} />}
    </div>
  );
}

function Arguments({ subtask: { id, one, other } }: { subtask: SubTaskDiff }) {
  if (!one || !other) return null;
  const same = alike(one.calls, other.calls);
  if (same)
    return (
      <p className="flex items-center gap-2 text-soft">
        <Equal aria-hidden className="size-4" /> The same calls.
      </p>
    );
  return (
    <details>
      <summary className="text-soft hover:text-ink">How the calls differ</summary>
      <div className="mt-2">
        <Diff one={one.calls} other={other.calls} label={`Calls of ${id}`} />
      </div>
    </details>
  );
}

export function QuotedSubTasks({ diff }: { diff: QuoteDiff }) {
  return (
    <section aria-label="Sub-tasks" className="card divide-y">
      {diff.subtasks.map(({ id, quoted, taken, why }) => (
        <article key={id} className="space-y-3 p-4" aria-label={`Sub-task ${id}`}>
          <h3 className="font-semibold break-words">
            {id}
            {taken && `: ${taken.goal}`}
          </h3>
          <div className="grid gap-x-6 gap-y-3 md:grid-cols-2">
            {quoted ? (
              <Expected {...quoted} title="Quoted" />
            ) : (
              <p className="text-soft">It was not quoted.</p>
            )}
            {taken?.status ? (
              <DoneBy title="Came" done={{ ...taken, believed: null }} />
            ) : (
              <p className="text-soft">It has not begun.</p>
            )}
          </div>
          <Reasons why={why} named={false} />
        </article>
      ))}
    </section>
  );
}
