import { expect, it } from "vitest";
import type { RunLine } from "@/api/types";
import { sentence } from "@/features/runs/sentence";

const line: RunLine = {
  id: "run_1",
  status: "running",
  request: "x",
  labels: {},
  created_at: "2026-01-01T00:00:00Z",
  finished_at: null,
  spend: { usd: "0", reserved_usd: "0", seconds: 0, tokens: 0, gpu_seconds: 0 },
  steps: { running: 1, succeeded: 2, pending: 1 },
  waiting_on: null,
  error: null,
  links: {},
};

it("says first what a run waits for", () => {
  const waiting_on = { text: "Waits for a person.", reason: "person" as const, details: {} };
  expect(sentence({ ...line, waiting_on })).toBe("Waits for a person.");
});

it("counts the steps of what moves, and times what has ended", () => {
  expect(sentence(line)).toBe("1 step running; 2 of 4 steps done (50 %).");
  expect(sentence({ ...line, status: "succeeded", finished_at: "2026-01-01T00:00:03.5Z" })).toBe(
    "Done in 3.5 s.",
  );
  expect(sentence({ ...line, status: "failed", error: { code: "bad_output", message: "Broken." } })).toBe(
    "Broken.",
  );
});
