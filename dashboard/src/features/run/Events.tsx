import type { RunEvent } from "@/api/types";
import { EVENTS, told } from "@/features/run/words";

/** Drawn at once at most; older ones are a click away. */
const SHOWN = 200;

export function Events({ events }: { events: readonly RunEvent[] }) {
  const shown = events.slice(-SHOWN).reverse();
  return (
    <div className="max-h-[32rem] overflow-y-auto" tabIndex={0} role="group" aria-label="Events">
      {events.length > SHOWN && (
        <p className="px-4 py-2 text-soft">
          The newest {SHOWN} of {events.length}.
        </p>
      )}
      <ol className="divide-y">
        {shown.map((event) => (
          <li
            key={event.number}
            data-event={event.number}
            className="grid grid-cols-[2.5rem_6.5rem_minmax(0,1fr)] gap-3 px-4 py-1.5 text-[0.9rem] sm:grid-cols-[2.5rem_6.5rem_9rem_minmax(0,1fr)]"
          >
            <span className="figures text-soft">{event.number}</span>
            <time dateTime={event.at} className="figures text-soft">
              {new Date(event.at).toLocaleTimeString()}
            </time>
            <span className="font-medium">{EVENTS[event.type]}</span>
            <span className="min-w-0 break-words text-soft max-sm:col-span-3">{told(event)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
