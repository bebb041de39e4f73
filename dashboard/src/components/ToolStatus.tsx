/** What tools are, and whether they may be used: always in words. */
import {
  Ban,
  Bot,
  CircleCheck,
  CircleOff,
  Globe,
  Plug,
  ShieldAlert,
  SquareFunction,
  SquareTerminal,
  type LucideIcon,
} from "lucide-react";
import type { Effect, ToolKind, ToolStatus } from "@/api/types";
import { Badge, type Look } from "@/components/Status";

// A state, kind or effect that the service has and these tables lack breaks the build.
export const TOOL_LOOKS = {
  active: { word: "Active", icon: CircleCheck, tone: "good" },
  unavailable: { word: "Unavailable", icon: CircleOff, tone: "warn" },
  quarantined: { word: "Quarantined", icon: ShieldAlert, tone: "bad" },
  disabled: { word: "Disabled", icon: Ban, tone: "idle" },
} as const satisfies Record<ToolStatus, Look>;

export const KINDS = {
  http: { word: "HTTP", icon: Globe },
  mcp: { word: "MCP", icon: Plug },
  python: { word: "Python", icon: SquareFunction },
  command: { word: "Program", icon: SquareTerminal },
  model: { word: "Model", icon: Bot },
} as const satisfies Record<ToolKind, { word: string; icon: LucideIcon }>;

export const EFFECTS = {
  read: "only reads",
  idempotent: "acts; repeating it does no harm",
  once: "acts, and must not be repeated",
} as const satisfies Record<Effect, string>;

export function ToolBadge({ status }: { status: ToolStatus }) {
  return <Badge look={TOOL_LOOKS[status]} />;
}

export function KindMark({ kind }: { kind: ToolKind }) {
  const { word, icon: Icon } = KINDS[kind];
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      <Icon aria-hidden className="size-3.5" /> {word}
    </span>
  );
}
