/** A tool's figures: what it costs, what bounds it, what it needs, and how it is reached. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ToolRecord } from "@/api/types";
import { Json } from "@/components/Json";
import { EFFECTS } from "@/components/ToolStatus";
import { clock, duration, money } from "@/lib/format";

export function Facts({ tool }: { tool: ToolRecord }) {
  const binding = tool.http ?? tool.model ?? tool.python ?? tool.mcp;
  return (
    <section aria-label="Facts" className="card space-y-3 p-4">
      <h2>Facts</h2>
      <dl className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
        <Fact name="Effect">{EFFECTS[tool.effect]}</Fact>
        {tool.undo && (
          <Fact name="Undone by">
            <Link to="/tools/$name" params={{ name: tool.undo }} className="text-accent underline">
              {tool.undo}
            </Link>
          </Fact>
        )}
        <Fact name="Price">{priced(tool)}</Fact>
        <Fact name="Time limit">{duration(tool.limits.timeout)}</Fact>
        {tool.limits.concurrency && <Fact name="At once">{tool.limits.concurrency}</Fact>}
        {tool.limits.rate && <Fact name="Calls a second">{tool.limits.rate}</Fact>}
        <Fact name="Output">
          {tool.trust === "trusted" ? "trusted" : "not trusted: read as data, never as orders"}
        </Fact>
        {tool.cache && (
          <Fact name="Used again">{`for ${duration(tool.cache.max_age)}, by ${tool.cache.scope}`}</Fact>
        )}
        <Fact name="Secrets">{secretsOf(tool)}</Fact>
        <Fact name="Changed">{clock(tool.updated_at)}</Fact>
      </dl>
      {binding && (
        <details>
          <summary className="text-soft">How it is reached</summary>
          <div className="mt-2">
            <Json value={binding} label="How it is reached" />
          </div>
        </details>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="figures break-words">{children}</dd>
    </>
  );
}

function priced({ price, most_seen_usd }: ToolRecord): string {
  const parts = [
    [price.per_call, "a call"],
    [price.per_second, "a second"],
    [price.per_1k_tokens_in, "for 1,000 tokens in"],
    [price.per_1k_tokens_out, "for 1,000 tokens out"],
  ] as const;
  const words = parts.filter(([usd]) => Number(usd) > 0).map(([usd, per]) => `${money(usd)} ${per}`);
  const seen = most_seen_usd ? ` (up to ${money(most_seen_usd)} was seen)` : "";
  return (words.join(", ") || "free") + seen;
}

function secretsOf({ auth, model }: ToolRecord): ReactNode {
  const named = Object.values(auth).flatMap((given) =>
    typeof given === "string"
      ? [given]
      : Object.entries(given).flatMap(([field, name]) =>
          ["password", "client_id", "client_secret", "private_key"].includes(field) ? [name] : [],
        ),
  );
  if (typeof model?.api_key_secret === "string") named.push(model.api_key_secret);
  if (named.length === 0) return "none";
  return (
    <Link to="/settings/secrets" className="text-accent underline">
      {[...new Set(named)].join(", ")}
    </Link>
  );
}
