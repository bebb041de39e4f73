import { expect, it } from "vitest";
import { mcpBody, mcpFaults, NO_MCP, NO_OPENAPI, openApiBody, openApiFaults } from "@/features/import/draft";

it("asks with what was given and nothing else", () => {
  const draft = {
    ...NO_OPENAPI,
    url: " https://a.example/openapi.json ",
    text: "left over",
    include: "tag:a, tag:b",
  };
  expect(openApiBody(draft, true)).toEqual({
    url: "https://a.example/openapi.json",
    include: ["tag:a", "tag:b"],
    dry_run: true,
  });
  const pasted = { ...NO_OPENAPI, from: "text" as const, text: "{}", auth: "key=shop_key other=o" };
  expect(openApiBody(pasted, false)).toEqual({
    document: "{}",
    auth: { key: "shop_key", other: "o" },
    dry_run: false,
  });
});

it("says what is wrong by its field", () => {
  expect(Object.keys(openApiFaults({ ...NO_OPENAPI, prefix: "1a", auth: "key" }))).toEqual([
    "url",
    "prefix",
    "auth",
  ]);
  expect(openApiFaults({ ...NO_OPENAPI, url: "https://a.example/x.yaml" })).toEqual({});
  expect(Object.keys(mcpFaults(NO_MCP))).toEqual(["url"]);
});

it("names a program or an address, and gives a secret to an address alone", () => {
  expect(mcpBody({ ...NO_MCP, server: "files", url: "https://x", bearer: "b" }, false)).toEqual({
    server: "files",
    dry_run: false,
  });
  expect(mcpBody({ ...NO_MCP, url: "https://x/mcp", bearer: "b" }, true)).toEqual({
    url: "https://x/mcp",
    auth: { bearer: "b" },
    dry_run: true,
  });
});
