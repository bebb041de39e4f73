import { expect, it } from "vitest";
import type { ApiKey } from "@/api/types";
import { bodyOf, draftOf, faults, NO_KEY } from "@/features/settings/keyDraft";
import { listedSettings } from "@/features/settings/listed";

it("lists settings by their whole names", () => {
  const settings = { port: 8000, broker_url: null, mcp_servers: { odd: { args: ["***", "***"] } } };
  expect(listedSettings(settings)).toEqual([
    { name: "broker_url", value: "" },
    { name: "mcp_servers.odd.args", value: "***, ***" },
    { name: "port", value: "8000" },
  ]);
});

it("makes a key of what was given, and gives it back", () => {
  const draft = { ...NO_KEY, name: "ci ", day: "0.50", rate: "2" };
  expect(faults(draft)).toEqual({});
  const body = bodyOf(draft);
  expect(body).toEqual({
    name: "ci",
    caps: [{ usd: "0.50", per: "day" }],
    limits: { concurrency: null, rate: 2 },
  });
  expect(draftOf({ ...body, limits: { ...body.limits, burst: null } } as unknown as ApiKey)).toEqual({
    ...draft,
    name: "ci",
  });
});

it("says what is wrong by its field", () => {
  const wrong = faults({ ...NO_KEY, month: "much", concurrency: "1.5", rate: "-1" });
  expect(Object.keys(wrong)).toEqual(["name", "month", "concurrency", "rate"]);
});
