/** What a run asks a person, and the ways to answer. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, MessageCircleQuestionMark, Pencil, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { answer } from "@/api/runs";
import type { Question, Run } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Labelled } from "@/components/Labelled";
import { Failure } from "@/components/Notice";
import { When } from "@/components/When";
import { choicesOf, formOf, valueOf } from "@/features/run/answers";
import { Happening } from "@/features/run/Happening";
import { defaultOf, planOf } from "@/features/run/coming";

export function Questions({ run }: { run: Run }) {
  const open = run.questions.filter(({ answered_at }) => !answered_at);
  if (open.length === 0) return null;
  return (
    <section aria-label="Questions" className="space-y-3">
      {open.map((question) => (
        <Asked key={question.id} run={run.id} question={question} />
      ))}
    </section>
  );
}

interface AskedProps {
  run: string;
  question: Question;
  /** What stands above the question where it is not on its run's page. */
  about?: ReactNode;
  /** Called when an answer was taken. */
  given?: () => void;
}

export function Asked({ run, question, about, given }: AskedProps) {
  const queries = useQueryClient();
  const giving = useMutation({
    mutationFn: (value: unknown) => answer(run, question.id, value),
    onSuccess: () => given?.(),
    onSettled: () =>
      Promise.all(
        [["run", run], ["inbox"], ["inbox-count"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
  });
  const standing = defaultOf(question);
  const choices = choicesOf(question);
  const plan = planOf(question);
  const form = formOf(question);
  return (
    <div className="card flex gap-3 border-warn p-4">
      <MessageCircleQuestionMark aria-hidden className="mt-0.5 size-5 shrink-0 text-warn" />
      <div className="min-w-0 flex-1 space-y-3">
        {about}
        <p className="font-medium break-words whitespace-pre-wrap">{question.text}</p>
        <Happening question={question} />
        <p className="text-[0.9rem] text-soft">
          {question.expires_at ? (
            <>
              Without an answer it is “{standing}” <When at={question.expires_at} />.
            </>
          ) : (
            "It waits without a time limit."
          )}
        </p>
        {form && <Free question={question} schema={form} busy={giving.isPending} give={giving.mutate} />}
        {choices.length > 0 && (
          <div className="flex flex-wrap gap-2">
            {choices.map(({ word, value, good }) => (
              <Button
                key={word}
                kind={good ? "primary" : "plain"}
                disabled={giving.isPending}
                onClick={() => giving.mutate(value)}
              >
                {good ? <Check aria-hidden className="size-4" /> : <X aria-hidden className="size-4" />}
                {word}
              </Button>
            ))}
            {plan && (
              <Link to="/plans/$id" params={{ id: plan }} search={{ run }} className={buttonClass()}>
                <Pencil aria-hidden className="size-4" /> Change the plan
              </Link>
            )}
          </div>
        )}
        {giving.error && <Failure error={giving.error} />}
      </div>
    </div>
  );
}

function Free({
  question,
  schema,
  busy,
  give,
}: {
  question: Question;
  schema: Record<string, unknown>;
  busy: boolean;
  give: (value: unknown) => void;
}) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string>();
  const send = () => {
    const read = valueOf(text, schema);
    if ("fault" in read) setFault(read.fault);
    else give(read.value);
  };
  return (
    <form
      className="flex max-w-xl items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="flex-1">
        <Labelled label={question.argument ?? "Answer"} fault={fault}>
          {(ids) => (
            <input {...ids} className="field" value={text} onChange={({ target }) => setText(target.value)} />
          )}
        </Labelled>
      </div>
      <Button type="submit" kind="primary" disabled={busy} className="mt-7">
        Answer
      </Button>
    </form>
  );
}
