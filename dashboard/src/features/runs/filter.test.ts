import { expect, it } from "vitest";
import { addressed, asked, readFilter } from "@/features/runs/filter";

it("takes from an address only what it understands", () => {
  expect(readFilter({ status: ["failed", "nonsense"], label: "team:x", q: 42, within: "century" })).toEqual({
    status: ["failed"],
    label: ["team:x"],
    q: "42",
  });
  expect(readFilter({ status: "running", label: ["no-colon"] })).toEqual({ status: ["running"] });
});

it("asks the same for a whole minute", () => {
  const one = asked({ within: "hour" }, Date.parse("2026-01-01T12:00:01Z"));
  expect(one).toEqual({ since: "2026-01-01T11:00:00.000Z" });
  expect(asked({ within: "hour" }, Date.parse("2026-01-01T12:00:59Z"))).toEqual(one);
});

it("is an address of the API", () => {
  expect(addressed({ status: ["failed", "running"], q: "a b" })).toBe(
    "/v1/runs?status=failed&status=running&q=a+b",
  );
  expect(addressed({})).toBe("/v1/runs");
});
