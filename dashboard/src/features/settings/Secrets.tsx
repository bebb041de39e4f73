/** Secrets by name: set, replaced, forgotten, and what needs each. No value is ever shown. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { KeyRound, Plus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { removeSecret, secretsQuery } from "@/api/operations";
import type { Secret } from "@/api/types";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Labelled } from "@/components/Labelled";
import { Empty, Failure, Loading } from "@/components/Notice";
import { SecretForm } from "@/components/SecretForm";
import { When } from "@/components/When";
import { count } from "@/lib/format";

export function Secrets() {
  const found = useQuery(secretsQuery);
  const { items = [], missing = [] } = found.data ?? {};
  return (
    <>
      <p className="max-w-2xl text-soft">
        Tools and endpoints name secrets; their values go in here, are kept sealed, and never come out: not on
        this page, not over REST, not in a run.
      </p>
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      {missing.length > 0 && (
        <section aria-label="Missing secrets" className="card border-warn">
          <h2 className="flex items-center gap-2 px-4 pt-3 pb-2">
            <TriangleAlert aria-hidden className="size-5 text-warn" /> {count(missing.length, "secret")}{" "}
            missing
          </h2>
          <ul className="divide-y border-t">
            {missing.map(({ name, tools, endpoints }) => (
              <li key={name} className="space-y-2 px-4 py-3">
                <Users tools={tools} endpoints={endpoints} />
                <SecretForm name={name} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <NewSecret taken={items.map(({ name }) => name)} />
      <section aria-label="Secrets" className="card overflow-hidden">
        {found.isPending ? (
          <Loading rows={3} />
        ) : items.length > 0 ? (
          <ul className="divide-y">
            {items.map((secret) => (
              <Row key={secret.name} secret={secret} />
            ))}
          </ul>
        ) : (
          <Empty icon={KeyRound} title="No secret is kept">
            Set one for each service that asks your tools who they are.
          </Empty>
        )}
      </section>
    </>
  );
}

function Users({ tools, endpoints }: Pick<Secret, "tools" | "endpoints">) {
  const shown = tools.slice(0, 12);
  if (tools.length + endpoints.length === 0) return <p className="text-soft">Nothing uses it.</p>;
  return (
    <p className="break-words text-soft">
      Used by{" "}
      {shown.map((name, number) => (
        <span key={name}>
          {number > 0 && ", "}
          <Link to="/tools/$name" params={{ name }} className="text-accent underline">
            {name}
          </Link>
        </span>
      ))}
      {tools.length > shown.length && ` and ${tools.length - shown.length} more`}
      {endpoints.length > 0 &&
        `${tools.length > 0 ? "; " : ""}${count(endpoints.length, "endpoint").replace(/^\d+ /, "")} ${endpoints.join(", ")}`}
    </p>
  );
}

function Row({ secret }: { secret: Secret }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const removing = useMutation({
    mutationFn: () => removeSecret(secret.name),
    onSettled: () => {
      for (const key of ["secrets", "tools", "tool"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  return (
    <li data-secret={secret.name} className="space-y-2 px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="font-medium break-all">{secret.name}</p>
          <p className="text-[0.9rem] text-soft">
            set <When at={secret.updated_at} />
          </p>
        </div>
        <div className="flex gap-2">
          <Button
            small
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            aria-label={`Replace ${secret.name}`}
          >
            Replace
          </Button>
          <Confirm
            word="Forget"
            label={`Forget ${secret.name}`}
            title={`Forget ${secret.name}?`}
            act="Forget the secret"
            busy={removing.isPending}
            onConfirm={() => removing.mutate()}
          >
            Tools that need it become unavailable.
          </Confirm>
        </div>
      </div>
      {!secret.readable && (
        <p className="text-bad">
          No present key opens it: the service was started with another secret key. Set it again.
        </p>
      )}
      <Users tools={secret.tools} endpoints={secret.endpoints} />
      {removing.error && (
        <p role="alert" className="text-bad">
          {removing.error.message}
        </p>
      )}
      {open && <SecretForm name={secret.name} done={() => setOpen(false)} />}
    </li>
  );
}

const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;

function NewSecret({ taken }: { taken: readonly string[] }) {
  const [name, setName] = useState("");
  const [open, setOpen] = useState(false);
  if (!open)
    return (
      <Button onClick={() => setOpen(true)}>
        <Plus aria-hidden className="size-4" /> New secret
      </Button>
    );
  const fault =
    name && !NAME.test(name)
      ? "A small letter, then small letters, digits, _, - and dots."
      : taken.includes(name)
        ? "There is one of that name: its value would be replaced."
        : undefined;
  return (
    <section aria-label="New secret" className="card max-w-2xl space-y-2 p-4">
      <Labelled label="Name" hint="By which tools refer to it." fault={fault}>
        {(ids) => (
          <input
            {...ids}
            autoFocus
            className="field"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </Labelled>
      {NAME.test(name) && (
        <SecretForm
          key={name}
          name={name}
          done={() => {
            setName("");
            setOpen(false);
          }}
        />
      )}
      <Button kind="quiet" small onClick={() => setOpen(false)}>
        Cancel
      </Button>
    </section>
  );
}
