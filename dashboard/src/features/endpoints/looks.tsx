/** Health and breakers in words. */
import { CircleCheck, CircleHelp, CirclePause, CircleX, LockOpen, ShieldOff, Unplug } from "lucide-react";
import type { BreakerState, Health, Protocol } from "@/api/types";
import type { Look } from "@/components/Status";

// A state that the service has and these tables lack breaks the build.
export const HEALTHS = {
  up: { word: "Up", icon: CircleCheck, tone: "good" },
  down: { word: "Down", icon: CircleX, tone: "bad" },
  unknown: { word: "Not looked at yet", icon: CircleHelp, tone: "idle" },
} as const satisfies Record<Health, Look>;

export const PAUSED: Look = { word: "Paused", icon: CirclePause, tone: "warn" };

export const BREAKERS = {
  closed: { word: "Breaker closed", icon: LockOpen, tone: "good" },
  half_open: { word: "One call tries it", icon: ShieldOff, tone: "warn" },
  open: { word: "Breaker open", icon: Unplug, tone: "bad" },
} as const satisfies Record<BreakerState, Look>;

export const PROTOCOLS = {
  openai: "OpenAI-compatible",
  "kserve-v2": "Open Inference Protocol (KServe v2)",
} as const satisfies Record<Protocol, string>;
