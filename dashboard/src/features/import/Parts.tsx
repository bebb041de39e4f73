/** Parts of what is told of an import. */
import { Link } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Change } from "@/api/types";
import { Changes } from "@/components/Changes";
import { TONES, type Tone } from "@/components/Status";

interface PartProps {
  title: string;
  many: number;
  icon: LucideIcon;
  tone: Tone;
  open?: boolean;
  children: ReactNode;
}

/** A group of the report with how many are in it; nothing where there are none. */
export function Part({ title, many, icon: Icon, tone, open = true, children }: PartProps) {
  if (many === 0) return null;
  return (
    <details open={open} className="border-t">
      <summary className="flex items-center gap-2 px-4 py-2.5">
        <span className={`inline-flex rounded-full p-1 ${TONES[tone]}`}>
          <Icon aria-hidden className="size-3.5" />
        </span>
        <span className="font-medium">{title}</span>
        <span className="figures ml-auto text-soft">{many}</span>
      </summary>
      <div className="max-h-96 overflow-auto px-4 pb-3" tabIndex={0} role="group" aria-label={title}>
        {children}
      </div>
    </details>
  );
}

/** Names of tools: links once they are there. */
export function Names({ names, there }: { names: readonly string[]; there: boolean }) {
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1">
      {names.map((name) => (
        <li key={name} className="min-w-0 break-all">
          {there ? (
            <Link to="/tools/$name" params={{ name }} className="text-accent underline">
              {name}
            </Link>
          ) : (
            name
          )}
        </li>
      ))}
    </ul>
  );
}

export function LeftOut({ items }: { items: readonly { what: string; why: string }[] }) {
  return (
    <ul className="space-y-1.5">
      {items.map(({ what, why }) => (
        <li key={what + why} className="break-words">
          <code>{what}</code>: {why}
        </li>
      ))}
    </ul>
  );
}

export function Differing({
  tools,
  there,
}: {
  tools: readonly { name: string; version: number; changes: readonly Change[] }[];
  there: boolean;
}) {
  return (
    <ul className="space-y-4">
      {tools.map(({ name, version, changes }) => (
        <li key={name} className="space-y-1.5">
          <p className="font-medium">
            {there ? (
              <Link to="/tools/$name" params={{ name }} className="text-accent underline">
                {name}
              </Link>
            ) : (
              name
            )}{" "}
            <span className="font-normal text-soft">version {version}</span>
          </p>
          <Changes changes={changes} />
        </li>
      ))}
    </ul>
  );
}
