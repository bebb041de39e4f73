import { expect, it } from "vitest";
import { absolute, addressed, asked, hidden, local, put, readFilter } from "@/features/runs/filter";

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

it("keeps costs, times and stillness, and drops what is none", () => {
  expect(
    readFilter({ usd_from: 5, usd_until: "0.50", since: "2026-01-01T00:00Z", quiet: 600, retrying: true }),
  ).toEqual({
    usd_from: "5",
    usd_until: "0.50",
    since: "2026-01-01T00:00:00.000Z",
    quiet: 600,
    retrying: true,
  });
  expect(
    readFilter({ usd_from: "much", usd_until: -1, finished_until: "soon", quiet: -1, retrying: "no" }),
  ).toEqual({});
});

it("begins at the later of two beginnings", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  const since = "2026-01-01T11:30:00.000Z";
  expect(asked({ within: "hour", since, quiet: 60 }, now)).toEqual({ since, quiet: 60 });
  expect(asked({ within: "hour", since: "2025-01-01T00:00:00.000Z" }, now).since).toBe(
    "2026-01-01T11:00:00.000Z",
  );
});

it("takes one part away and counts those out of sight", () => {
  expect(put({ q: "x", quiet: 60 }, "quiet", undefined)).toEqual({ q: "x" });
  expect(put({ q: "x" }, "retrying", true)).toEqual({ q: "x", retrying: true });
  expect(hidden({ q: "x", within: "day", quiet: 60, usd_from: "1" })).toBe(2);
});

it("is a moment of the reader's zone and the same moment again", () => {
  const at = "2026-03-01T10:20:00.000Z";
  expect(absolute(local(at))).toBe(at);
  expect(absolute("")).toBeUndefined();
});
