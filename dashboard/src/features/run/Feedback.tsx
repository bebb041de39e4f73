/** What people think of a run or of a step's output: said with one press, and why in words. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { judge } from "@/api/runs";
import type { Feedback as Said, Run, Step } from "@/api/types";
import { Button } from "@/components/Button";
import { SOURCES } from "@/components/sources";
import { When } from "@/components/When";
import { percent } from "@/lib/format";

const VERDICTS = {
  good: { word: "Good", icon: ThumbsUp, quality: 1 },
  bad: { word: "Bad", icon: ThumbsDown, quality: 0 },
} as const;
type Verdict = keyof typeof VERDICTS;

/** Of what a step yielded, or of the whole run where no step is given. */
export function Feedback({ run, step }: { run: Run; step?: Step }) {
  const said = saidOf(run, step);
  // The page speaks for the service's own key.
  const own = said.find(({ by }) => by === null);
  const queries = useQueryClient();
  const saying = useMutation({
    mutationFn: ([verdict, comment]: [Verdict, string]) => judge(run.id, step?.idx ?? null, verdict, comment),
    onSuccess: (now) => queries.setQueryData(["run", run.id], now),
  });
  const chosen = Object.keys(VERDICTS).find(
    (verdict): verdict is Verdict => own?.quality === VERDICTS[verdict as Verdict].quality,
  );
  return (
    <section
      aria-label={step ? "Your verdict on this step" : "Your verdict on this run"}
      className="space-y-2"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h3 className="font-medium">{step ? "Is this output good?" : "Did the run do what you wanted?"}</h3>
        <div role="group" aria-label="Verdict" className="flex gap-1.5">
          {(Object.keys(VERDICTS) as Verdict[]).map((verdict) => {
            const { word, icon: Icon } = VERDICTS[verdict];
            return (
              <Button
                key={verdict}
                small
                aria-pressed={verdict === chosen}
                className={verdict === chosen ? "border-accent! bg-accent-wash!" : ""}
                disabled={saying.isPending}
                onClick={() => saying.mutate([verdict, own?.comment ?? ""])}
              >
                <Icon aria-hidden className="size-3.5" /> {word}
              </Button>
            );
          })}
        </div>
      </div>
      {chosen && (
        <Why
          key={own?.at}
          said={own?.comment ?? ""}
          pending={saying.isPending}
          say={(comment) => saying.mutate([chosen, comment])}
        />
      )}
      {saying.error && (
        <p role="alert" className="break-words text-bad">
          {saying.error.message}
        </p>
      )}
      {said.length > 0 && (
        <ul aria-label="Verdicts" className="space-y-1 text-[0.9rem]">
          {said.map((one) => (
            <Verdicts key={one.by} one={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** Of a step only what was said of its newest output. */
function saidOf(run: Run, step: Step | undefined): Said[] {
  const newest = step?.attempts.at(-1)?.number ?? null;
  return run.feedback.filter((one) => one.step === (step?.key ?? null) && one.attempt === newest);
}

function Verdicts({ one }: { one: Said }) {
  return (
    <li className="break-words text-soft">
      {one.by ?? "You"}: {percent(one.quality)}
      {one.comment && <span className="text-ink"> – {one.comment}</span>} · <When at={one.at} />
      {one.before && ` · ${SOURCES[one.before.source]} had said ${percent(one.before.quality)}`}
    </li>
  );
}

function Why({ said, pending, say }: { said: string; pending: boolean; say: (words: string) => void }) {
  const [words, setWords] = useState(said);
  return (
    <form
      className="flex flex-wrap gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        say(words);
      }}
    >
      <input
        aria-label="Why"
        placeholder="Why? In your own words"
        className="field min-w-48 flex-1"
        maxLength={2_000}
        value={words}
        onChange={({ target }) => setWords(target.value)}
      />
      <Button type="submit" disabled={pending || words.trim() === said}>
        Keep these words
      </Button>
    </form>
  );
}
