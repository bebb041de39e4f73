/** Each open question with its run, answered where it stands. */
import { Link } from "@tanstack/react-router";
import type { InboxItem } from "@/api/types";
import { RunBadge } from "@/components/Status";
import { When } from "@/components/When";
import { KINDS } from "@/features/run/coming";
import { Asked } from "@/features/run/Questions";

interface Props {
  items: readonly InboxItem[];
  answered: (item: InboxItem) => void;
}

export function InboxList({ items, answered }: Props) {
  return (
    <ul aria-label="Open questions" className="space-y-3">
      {items.map((item) => (
        <li key={`${item.run} ${item.question.id}`} data-question={item.question.id} data-run={item.run}>
          <Asked
            run={item.run}
            question={item.question}
            given={() => answered(item)}
            about={<About item={item} />}
          />
        </li>
      ))}
    </ul>
  );
}

function About({ item }: { item: InboxItem }) {
  return (
    <div className="space-y-1 border-b pb-2">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[0.9rem] text-soft">
        <span className="font-medium text-warn">{KINDS[item.question.kind]}</span>
        <span>
          asked <When at={item.question.created_at} />
        </span>
        <RunBadge status={item.run_status} />
      </p>
      <RunLink item={item} />
    </div>
  );
}

export function RunLink({ item }: { item: InboxItem }) {
  return (
    <Link to="/runs/$id" params={{ id: item.run }} className="line-clamp-2 break-words text-accent underline">
      {item.request || `Run ${item.run}, a graph of its own`}
    </Link>
  );
}
