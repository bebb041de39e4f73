import { CloudOff, LoaderCircle, Radio } from "lucide-react";
import type { StreamState } from "@/api/stream";

const LOOKS = {
  connecting: { word: "Connecting", icon: LoaderCircle, tone: "text-soft" },
  live: { word: "Live", icon: Radio, tone: "text-good" },
  broken: { word: "The service does not answer; trying again", icon: CloudOff, tone: "text-bad" },
  over: null,
} as const satisfies Record<StreamState, unknown>;

/** Whether what is shown follows the run as it goes. */
export function Connection({ state }: { state: StreamState }) {
  const look = LOOKS[state];
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-[0.88rem]">
      {look && (
        <>
          <look.icon aria-hidden className={`size-4 ${look.tone}`} />
          <span className={look.tone}>{look.word}</span>
        </>
      )}
    </span>
  );
}
