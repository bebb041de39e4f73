import { expect, it } from "vitest";
import { bodyOf, EMPTY, faults } from "@/features/endpoints/draft";

it("makes a record of what was given", () => {
  const draft = {
    ...EMPTY,
    name: "chat",
    servers: "http://a/v1\nhttp://b/v1",
    models: "llama",
    priceOut: "0.002",
  };
  expect(faults(draft)).toEqual({});
  expect(bodyOf(draft)).toEqual({
    name: "chat",
    protocol: "openai",
    replicas: [{ base_url: "http://a/v1" }, { base_url: "http://b/v1" }],
    models: [{ name: "llama", price: { per_1k_tokens_out: "0.002" } }],
  });
});

it("says what is wrong by its field", () => {
  const wrong = faults({ ...EMPTY, name: "Chat", servers: "gpu-1", priceIn: "cheap", concurrency: "0" });
  expect(Object.keys(wrong)).toEqual(["name", "servers", "priceIn", "models", "concurrency"]);
});
