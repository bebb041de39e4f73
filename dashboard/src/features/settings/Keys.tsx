/** API keys: made, capped, revoked. The key itself is shown once, when it is made. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Pencil, Plus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { changeKey, createKey, keysQuery, revokeKey } from "@/api/operations";
import type { ApiKey, Cap, NewKey } from "@/api/types";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Empty, Failure, Loading } from "@/components/Notice";
import { CopyButton } from "@/components/Page";
import { When } from "@/components/When";
import { KeyForm } from "@/features/settings/KeyForm";
import { draftOf, NO_KEY, PERIODS } from "@/features/settings/keyDraft";
import { money } from "@/lib/format";

export function Keys() {
  const queries = useQueryClient();
  const found = useQuery(keysQuery);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const keys = found.data?.items ?? [];
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-2xl text-soft">
          A key lets somebody, or something, use the service within its caps; it cannot manage keys, secrets
          or endpoints.
        </p>
        {!making && (
          <Button kind="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden className="size-4" /> New key
          </Button>
        )}
      </div>
      {made && <Shown made={made} close={() => setMade(null)} />}
      {making && (
        <KeyForm
          label="New key"
          draft={NO_KEY}
          save={createKey}
          saved={(key) => {
            if ("key" in key) setMade(key);
            setMaking(false);
            void queries.invalidateQueries({ queryKey: ["keys"] });
          }}
          cancel={() => setMaking(false)}
        />
      )}
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      <section aria-label="API keys" className="card overflow-hidden">
        {found.isPending ? (
          <Loading rows={3} />
        ) : keys.length > 0 ? (
          <ul className="divide-y">
            {keys.map((key) => (
              <Row key={key.id} one={key} />
            ))}
          </ul>
        ) : (
          <Empty icon={KeyRound} title="There is no key but the service's own">
            Make one for each person or program, so that each can be capped and revoked by itself.
          </Empty>
        )}
      </section>
    </>
  );
}

function Shown({ made, close }: { made: NewKey; close: () => void }) {
  return (
    <section aria-label="The new key" className="card space-y-3 border-warn p-4">
      <h2 className="flex items-center gap-2">
        <TriangleAlert aria-hidden className="size-5 text-warn" /> Copy the key of {made.name} now: it is
        shown only here
      </h2>
      <div className="flex flex-wrap items-center gap-2">
        <code className="min-w-0 rounded-md bg-sunken px-3 py-1.5 break-all">{made.key}</code>
        <CopyButton text={made.key} label="Copy the key" />
      </div>
      <Button small onClick={close}>
        I have it
      </Button>
    </section>
  );
}

function Row({ one }: { one: ApiKey }) {
  const queries = useQueryClient();
  const [changing, setChanging] = useState(false);
  const after = () => queries.invalidateQueries({ queryKey: ["keys"] });
  const revoking = useMutation({ mutationFn: () => revokeKey(one.id), onSettled: after });
  return (
    <li data-key={one.id} className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="font-medium break-words">
            {one.name} {one.revoked && <span className="font-normal text-bad">revoked</span>}
          </p>
          <p className="text-[0.9rem] text-soft">
            <code>{one.id}</code> · made <When at={one.created_at} /> ·{" "}
            {one.used_at ? (
              <>
                used <When at={one.used_at} />
              </>
            ) : (
              "never used"
            )}
            {one.running + one.waiting > 0 && ` · ${one.running} running, ${one.waiting} waiting`}
          </p>
        </div>
        {!one.revoked && (
          <div className="flex gap-2">
            <Button small onClick={() => setChanging(!changing)} aria-label={`Change ${one.name}`}>
              <Pencil aria-hidden className="size-3.5" /> Change
            </Button>
            <Confirm
              word="Revoke"
              label={`Revoke ${one.name}`}
              title={`Revoke the key of ${one.name}?`}
              act="Revoke the key"
              busy={revoking.isPending}
              onConfirm={() => revoking.mutate()}
            >
              It opens nothing from now on, for good. Runs that were submitted with it go on.
            </Confirm>
          </div>
        )}
      </div>
      <Bounds one={one} />
      {revoking.error && (
        <p role="alert" className="text-bad">
          {revoking.error.message}
        </p>
      )}
      {changing && (
        <KeyForm
          label={`Change ${one.name}`}
          draft={draftOf(one)}
          save={(body) => changeKey(one.id, body)}
          saved={() => {
            setChanging(false);
            void after();
          }}
          cancel={() => setChanging(false)}
        />
      )}
    </li>
  );
}

function Bounds({ one }: { one: ApiKey }) {
  const { concurrency, rate } = one.limits;
  const words = [concurrency && `${concurrency} calls at once`, rate && `${rate} calls a second`].filter(
    Boolean,
  );
  if (one.caps.length === 0 && words.length === 0) return <p className="text-soft">No cap and no limit.</p>;
  return (
    <div className="flex flex-wrap gap-x-6 gap-y-1">
      {one.caps.map((cap) => (
        <Spent key={cap.per} cap={cap} />
      ))}
      {words.length > 0 && <p className="figures text-soft">{words.join(", ")}</p>}
    </div>
  );
}

function Spent({ cap }: { cap: Cap }) {
  const taken = Number(cap.spent) + Number(cap.reserved);
  return (
    <div className="w-56">
      <p className="figures text-[0.9rem]">
        {money(cap.spent)} of {money(cap.usd)} {PERIODS[cap.per]}
        {Number(cap.reserved) > 0 && <span className="text-soft">, {money(cap.reserved)} held</span>}
      </p>
      <progress
        aria-label={`Spent ${PERIODS[cap.per]}`}
        max={Number(cap.usd) || 1}
        value={taken}
        className="block h-1.5 w-full overflow-hidden rounded-full accent-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
      />
    </div>
  );
}
