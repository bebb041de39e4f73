import { expect, it } from "vitest";
import { curl, quoted } from "@/lib/curl";

it("quotes what a shell would read otherwise", () => {
  expect(quoted("a b")).toBe("'a b'");
  expect(quoted("it's $HOME")).toBe(`'it'\\''s $HOME'`);
  expect(quoted("/v1/runs")).toBe("/v1/runs");
});

it("writes a command with the key from the environment", () => {
  const text = curl({ what: "", method: "POST", path: "/v1/runs", body: { request: "x & y" } }, "http://h:1");
  expect(text).toContain("curl -s http://h:1/v1/runs -X POST");
  expect(text).toContain(`-H "Authorization: Bearer $TOOLPATH_API_KEY"`);
  expect(text).toContain(`-d '{"request":"x & y"}'`);
});
