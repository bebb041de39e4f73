import { expect, it } from "vitest";
import { bodyOf, EMPTY, faults } from "@/features/new-run/draft";

it("names what is wrong, by field", () => {
  expect(faults(EMPTY)).toEqual({ request: "Say what you want done." });
  const wrong = { ...EMPTY, request: "x", usd: "much", seconds: "-1", quality: "2", labels: "nonsense" };
  expect(Object.keys(faults(wrong))).toEqual(["usd", "seconds", "quality", "labels"]);
});

it("asks for what was filled in, and nothing else", () => {
  expect(bodyOf({ ...EMPTY, request: " add " })).toEqual({
    request: "add",
    mode: "auto",
    preference: { alpha: 1 },
  });
  const files = [
    { name: "a.csv", artifact: "art_1" },
    { name: "b.csv", artifact: "art_2" },
  ];
  const body = bodyOf({ ...EMPTY, request: "x", files, usd: "0.5", seconds: "9", labels: "team:a:b, env:c" });
  expect(body.inputs).toEqual({ file: { artifact: "art_1" }, file2: { artifact: "art_2" } });
  expect(body.budget).toEqual({ usd: "0.5", seconds: 9 });
  expect(body.labels).toEqual({ team: "a:b", env: "c" });
  const first = bodyOf({ ...EMPTY, request: "x", start: "first", without: ["send_email"] });
  expect(first).toEqual({
    request: "x",
    preference: { alpha: 1 },
    tools: { include: [], exclude: ["send_email"] },
  });
});
