import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleCheck, Inbox } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useChangesState } from "@/api/changes";
import { inboxQuery } from "@/api/inbox";
import type { InboxItem } from "@/api/types";
import { Button } from "@/components/Button";
import { Empty, Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { InboxList, RunLink } from "@/features/inbox/Inbox";
import { Connection } from "@/features/run/Connection";

export function InboxPage() {
  const found = useInfiniteQuery(inboxQuery());
  const [last, setLast] = useState<InboxItem>();
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title="Inbox"
      beside={
        <div className="flex flex-wrap items-center gap-x-4 text-soft">
          What waits for you, over all runs, the oldest first.
          <Connection state={useChangesState()} />
        </div>
      }
      calls={[
        { what: "What waits", path: "/v1/inbox" },
        { what: "How much waits", path: "/v1/inbox/count" },
        {
          what: "Answer a question",
          method: "POST",
          path: "/v1/runs/RUN/answers",
          body: { answers: [{ id: "QUESTION", value: true }] },
        },
      ]}
    >
      {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
      {last && <Answered item={last} />}
      {found.isPending ? (
        <div className="card">
          <Loading rows={6} />
        </div>
      ) : items.length > 0 ? (
        <InboxList items={items} answered={setLast} />
      ) : (
        <div className="card">
          <Empty icon={Inbox} title="Nothing waits for you">
            A run asks here when a value is missing, when a plan or a call needs your approval, or when only
            you can say what a cut-off call has done.
          </Empty>
        </div>
      )}
      {found.hasNextPage && (
        <div className="text-center">
          <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
            {found.isFetchingNextPage ? "Loading newer questions…" : "Newer questions"}
          </Button>
        </div>
      )}
    </Page>
  );
}

/** Takes the focus from the button that is gone with its question. */
function Answered({ item }: { item: InboxItem }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => line.current?.focus(), [item]);
  return (
    <div ref={line} tabIndex={-1} role="status" className="card flex gap-3 border-good p-3">
      <CircleCheck aria-hidden className="mt-0.5 size-5 shrink-0 text-good" />
      <div className="min-w-0">
        <p>Answered. Its run:</p>
        <RunLink item={item} />
      </div>
    </div>
  );
}
