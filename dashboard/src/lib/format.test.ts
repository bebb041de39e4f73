import { describe, expect, it } from "vitest";
import { ago, duration, money } from "@/lib/format";

describe("money", () => {
  it.each([
    ["0", "$0"],
    ["0.0042", "$0.0042"],
    ["0.5", "$0.50"],
    ["0.1", "$0.10"],
    ["0.25", "$0.25"],
    ["0.125", "$0.13"],
    ["0.000000001", "$0.000000001"],
    ["1.2", "$1.20"],
    ["12345.678", "$12345.68"],
    ["much", "much"],
  ])("%s is %s", (given, shown) => expect(money(given)).toBe(shown));
});

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [0.42, "420 ms"],
    [3.14, "3.1 s"],
    [9.97, "10 s"],
    [59.7, "1 min"],
    [200, "3 min 20 s"],
    [3_600, "1 h"],
    [7_500, "2 h 5 min"],
    [400_000, "5 d"],
  ])("%s seconds are %s", (given, shown) => expect(duration(given)).toBe(shown));
});

describe("ago", () => {
  const now = Date.parse("2026-01-01T12:00:00Z");
  it.each([
    ["2026-01-01T11:59:58Z", "just now"],
    ["2026-01-01T11:57:00Z", "3 min ago"],
    ["2025-12-30T12:00:00Z", "2 d ago"],
    ["2026-01-01T12:00:20Z", "in 20 s"],
  ])("%s is %s", (given, shown) => expect(ago(given, now)).toBe(shown));
});
