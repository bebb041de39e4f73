/** What stands where there is nothing to show: why, and what to do about it. */
import { CircleAlert, type LucideIcon, ServerOff } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, Unreachable } from "@/api/client";
import { Button } from "@/components/Button";

export function Empty({
  icon: Icon,
  title,
  children,
}: {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-16 text-center">
      <Icon aria-hidden className="size-8 text-soft" strokeWidth={1.5} />
      <h2>{title}</h2>
      <div className="max-w-md text-soft">{children}</div>
    </div>
  );
}

function advice(error: Error): string {
  if (error instanceof Unreachable)
    return "See whether it runs: toolpath serve. This page goes on by itself once it does.";
  if (error instanceof ApiError && error.status === 404)
    return "It may have been pruned, or the address is not whole.";
  if (error instanceof ApiError && error.status >= 500)
    return "The service's own log says more. Try again in a moment.";
  return "Change what is named above, and try again.";
}

export function Failure({ error, again }: { error: Error; again?: (() => void) | undefined }) {
  const Icon = error instanceof Unreachable ? ServerOff : CircleAlert;
  const fields = error instanceof ApiError ? error.fields : [];
  return (
    <div role="alert" className="card flex gap-3 border-bad p-4">
      <Icon aria-hidden className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="min-w-0 space-y-1.5">
        <p className="font-medium break-words">{error.message}</p>
        {fields.length > 0 && (
          <ul className="list-disc pl-5 text-soft">
            {fields.map((field) => (
              <li key={field.path + field.detail} className="break-words">
                <code>{field.path}</code>: {field.detail}
              </li>
            ))}
          </ul>
        )}
        <p className="text-soft">{advice(error)}</p>
        {again && (
          <Button small onClick={again}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** Takes the place of what is on its way, in about its size, so that nothing jumps when it comes. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="animate-pulse space-y-3 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-10 rounded-md bg-sunken" />
      ))}
    </div>
  );
}
