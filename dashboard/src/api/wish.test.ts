import { expect, it } from "vitest";
import { ApiError } from "@/api/client";
import type { StoredPlan } from "@/api/types";
import { NO_WISH, refusedFields, termsOf, wishFaults, wishOf, withName } from "@/api/wish";

const plan = {
  preference: { alpha: 0.4, cost: { usd: 2, second: 0.1 }, risk: "conservative" },
  budget: { usd: "0.50", seconds: 90, tokens: 5_000, min_quality: null },
  tools: { include: ["tag:web"], exclude: ["send_email"] },
} as unknown as StoredPlan;

it("takes the fields from a plan and gives its terms back as they were", () => {
  const wish = wishOf(plan);
  expect(wish).toEqual({
    alpha: 0.4,
    usd: "0.50",
    seconds: "90",
    quality: "",
    without: ["send_email"],
    only: ["tag:web"],
  });
  expect(termsOf(wish, plan)).toEqual({
    preference: plan.preference,
    budget: plan.budget,
    tools: plan.tools,
  });
});

it("keeps what no field shows, and drops a limit whose field is emptied", () => {
  const terms = termsOf({ ...wishOf(plan), alpha: 2, usd: " ", seconds: "" }, plan);
  expect(terms.preference).toEqual({ alpha: 2, cost: { usd: 2, second: 0.1 }, risk: "conservative" });
  expect(terms.budget).toEqual({ usd: null, seconds: null, tokens: 5_000, min_quality: null });
});

it("names the fields that are wrong", () => {
  expect(wishFaults(NO_WISH)).toEqual({});
  const wrong = wishFaults({ ...NO_WISH, usd: "much", seconds: "-1", quality: "1.5" });
  expect(Object.keys(wrong)).toEqual(["usd", "seconds", "quality"]);
});

it("says a refusal by the field that it is about", () => {
  const error = new ApiError(422, "no", "invalid", [
    { path: "/tools/include/1", detail: "there is no tool named 'x'" },
    { path: "/budget/usd", detail: "too many digits" },
    { path: "/request", detail: "else" },
  ]);
  expect(refusedFields(error)).toEqual({ only: "there is no tool named 'x'", usd: "too many digits" });
  expect(refusedFields(null)).toEqual({});
});

it("adds a name once", () => {
  expect(withName(["a"], " b ")).toEqual(["a", "b"]);
  expect(withName(["a"], "a")).toEqual(["a"]);
  expect(withName(["a"], "  ")).toEqual(["a"]);
});
