/** Where a run or step stands: always an icon and a word, never a colour alone. */
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleX,
  ClipboardList,
  Clock,
  LoaderCircle,
  MessageCircleQuestionMark,
  OctagonX,
  SkipForward,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import type { RunStatus, StepStatus } from "@/api/types";

export type Tone = "good" | "bad" | "warn" | "busy" | "idle";

export interface Look {
  word: string;
  icon: LucideIcon;
  tone: Tone;
  spins?: true;
}

// A status that the service has and this table lacks breaks the build.
export const RUN_LOOKS = {
  planning: { word: "Planning", icon: LoaderCircle, tone: "busy", spins: true },
  planned: { word: "Planned", icon: ClipboardList, tone: "idle" },
  running: { word: "Running", icon: LoaderCircle, tone: "busy", spins: true },
  needs_input: { word: "Needs input", icon: MessageCircleQuestionMark, tone: "warn" },
  paused: { word: "Paused", icon: CirclePause, tone: "idle" },
  succeeded: { word: "Succeeded", icon: CircleCheck, tone: "good" },
  failed: { word: "Failed", icon: CircleX, tone: "bad" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "idle" },
} as const satisfies Record<RunStatus, Look>;

export const STEP_LOOKS = {
  pending: { word: "Pending", icon: CircleDashed, tone: "idle" },
  ready: { word: "Ready", icon: CircleDot, tone: "idle" },
  running: { word: "Running", icon: LoaderCircle, tone: "busy", spins: true },
  waiting: { word: "Waiting", icon: Clock, tone: "warn" },
  succeeded: { word: "Succeeded", icon: CircleCheck, tone: "good" },
  low_quality: { word: "Low quality", icon: TriangleAlert, tone: "warn" },
  failed: { word: "Failed", icon: CircleX, tone: "bad" },
  skipped: { word: "Skipped", icon: SkipForward, tone: "idle" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "idle" },
  poisoned: { word: "Given up", icon: OctagonX, tone: "bad" },
} as const satisfies Record<StepStatus, Look>;

export const TONES: Record<Tone, string> = {
  good: "text-good bg-good-wash",
  bad: "text-bad bg-bad-wash",
  warn: "text-warn bg-warn-wash",
  busy: "text-busy bg-busy-wash",
  idle: "text-idle bg-idle-wash",
};

/** An icon and a word in a tone. */
export function Badge({ look }: { look: Look }) {
  const Icon = look.icon;
  return (
    <span
      className={`inline-flex items-center gap-1.5 justify-self-start rounded-full px-2.5 py-0.5 text-[0.82rem] font-medium whitespace-nowrap ${TONES[look.tone]}`}
    >
      <Icon aria-hidden className={`size-3.5 shrink-0 ${look.spins ? "animate-spin" : ""}`} />
      {look.word}
    </span>
  );
}

/** The icon alone, large: where there is no room for the word. */
export function StepIcon({ status }: { status: StepStatus }) {
  const { icon: Icon, tone } = STEP_LOOKS[status];
  return <Icon aria-hidden className={`size-12 rounded-full ${TONES[tone]}`} />;
}

export function RunBadge({ status }: { status: RunStatus }) {
  return <Badge look={RUN_LOOKS[status]} />;
}

export function StepBadge({ status }: { status: StepStatus }) {
  return <Badge look={STEP_LOOKS[status]} />;
}
