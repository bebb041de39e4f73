import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay, Pencil, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { holdEndpoint, removeEndpoint } from "@/api/operations";
import type { Endpoint, Replica } from "@/api/types";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Badge } from "@/components/Status";
import { duration, money, percent } from "@/lib/format";
import { draftOf, type Draft } from "@/features/endpoints/draft";
import { BREAKERS, HEALTHS, PAUSED, PROTOCOLS } from "@/features/endpoints/looks";
import { Register } from "@/features/endpoints/Register";

export function EndpointCard({ endpoint }: { endpoint: Endpoint }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft | null>(null);
  const onSettled = () => queries.invalidateQueries({ queryKey: ["endpoints"] });
  const removing = useMutation({ mutationFn: () => removeEndpoint(endpoint.name), onSettled });
  const holding = useMutation({
    mutationFn: (act: "pause" | "resume") => holdEndpoint(endpoint.name, act),
    onSettled,
  });
  const failed = removing.error ?? holding.error;
  return (
    <section aria-label={endpoint.name} className="card overflow-hidden">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 p-4">
        <div className="min-w-0 space-y-1">
          <h2 className="flex flex-wrap items-center gap-2 break-all">
            {endpoint.name} <Badge look={HEALTHS[endpoint.health]} />
            {endpoint.paused && <Badge look={PAUSED} />}
          </h2>
          <p className="text-soft">
            {[PROTOCOLS[endpoint.protocol], ...endpoint.tags, `hedging ${endpoint.hedge}`].join(" · ")}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <p className="figures mr-2 text-soft">
            {endpoint.running} running
            {endpoint.max_concurrency !== null && ` of ${endpoint.max_concurrency}`}, {endpoint.waiting}{" "}
            waiting
          </p>
          <Button
            small
            aria-label={`${endpoint.paused ? "Resume" : "Pause"} ${endpoint.name}`}
            disabled={holding.isPending}
            onClick={() => holding.mutate(endpoint.paused ? "resume" : "pause")}
          >
            {endpoint.paused ? (
              <CirclePlay aria-hidden className="size-3.5" />
            ) : (
              <CirclePause aria-hidden className="size-3.5" />
            )}
            {endpoint.paused ? "Resume" : "Pause"}
          </Button>
          <Button
            small
            aria-label={`Change ${endpoint.name}`}
            aria-expanded={draft !== null}
            onClick={() => setDraft(draft ? null : draftOf(endpoint))}
          >
            <Pencil aria-hidden className="size-3.5" /> Change
          </Button>
          <Confirm
            word={
              <>
                <Trash2 aria-hidden className="size-4" /> Delete
              </>
            }
            label={`Delete ${endpoint.name}`}
            title={`Delete ${endpoint.name}?`}
            act="Delete the endpoint"
            busy={removing.isPending}
            onConfirm={() => removing.mutate()}
          >
            Calls in flight go on; tools that name it fail from now on, and others take their place.
          </Confirm>
        </div>
      </header>
      {failed && (
        <p role="alert" className="px-4 pb-3 text-bad">
          {failed.message}
        </p>
      )}
      {endpoint.paused && (
        <p className="px-4 pb-3">
          No new call goes there.{" "}
          {endpoint.fallbacks.length > 0
            ? `${endpoint.fallbacks.map((one) => one.endpoint).join(", ")} takes them.`
            : "Steps that need it wait until it is resumed."}
        </p>
      )}
      {draft && (
        <div className="px-4 pb-4">
          <Register there={endpoint} draft={draft} change={setDraft} done={() => setDraft(null)} />
        </div>
      )}
      <Models endpoint={endpoint} />
      <ul aria-label={`Replicas of ${endpoint.name}`} className="divide-y border-t">
        {endpoint.replicas.map((replica) => (
          <ReplicaRow key={replica.base_url} replica={replica} />
        ))}
      </ul>
    </section>
  );
}

function Models({ endpoint }: { endpoint: Endpoint }) {
  const offered = [...new Set(endpoint.replicas.flatMap(({ models }) => models))];
  if (endpoint.models.length === 0)
    return (
      <p className="px-4 pb-3 break-words text-soft">
        {offered.length > 0 ? `Models: ${offered.join(", ")}; no price is known` : "No model is known yet."}
      </p>
    );
  return (
    <ul aria-label={`Models of ${endpoint.name}`} className="space-y-0.5 px-4 pb-3">
      {endpoint.models.map(({ name, price }) => {
        const parts = [
          [price.per_call, "a call"],
          [price.per_1k_tokens_in, "for 1,000 tokens in"],
          [price.per_1k_tokens_out, "out"],
          [price.per_second, "a second"],
        ] as const;
        const words = parts.filter(([usd]) => Number(usd) > 0).map(([usd, per]) => `${money(usd)} ${per}`);
        return (
          <li key={name} className="break-words">
            <code>{name}</code> <span className="figures text-soft">{words.join(", ") || "free"}</span>
          </li>
        );
      })}
    </ul>
  );
}

function ReplicaRow({ replica }: { replica: Replica }) {
  const { server_running: running, server_waiting: waiting, kv_use: cache } = replica;
  return (
    <li className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <code className="min-w-0 break-all">{replica.base_url}</code>
        <Badge look={HEALTHS[replica.health]} />
        <Badge look={BREAKERS[replica.breaker]} />
        {replica.rests > 0 && <span className="figures text-warn">rests {duration(replica.rests)}</span>}
      </div>
      {replica.reason && <p className="break-words text-bad">{replica.reason}</p>}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-1 sm:grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))]">
        <Figure name="Latency">{replica.latency === null ? "–" : duration(replica.latency)}</Figure>
        <Figure name="Tokens a second">
          {replica.tokens_per_second === null ? "–" : replica.tokens_per_second.toFixed(1)}
        </Figure>
        <Figure name="Running">
          {replica.running}
          {replica.max_concurrency !== null && ` of ${replica.max_concurrency}`}
        </Figure>
        <Figure name="Calls">
          {replica.calls.toLocaleString()}, {replica.failures.toLocaleString()} failed
        </Figure>
        {replica.gpus > 0 && <Figure name="GPU time">{duration(replica.gpu_seconds)}</Figure>}
        <Figure name="The server says">
          {running === null ? "–" : `${running} running, ${waiting ?? 0} waiting`}
        </Figure>
        <Figure name="Its cache">{cache === null ? "–" : `${percent(cache)} full`}</Figure>
        <Figure name="Looked at">
          {replica.looked === null ? "not yet" : `${duration(replica.looked)} ago`}
        </Figure>
      </dl>
    </li>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-[0.82rem] text-soft">{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}
