import { expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { bodyOf, draftOf, EMPTY, faults } from "@/features/endpoints/draft";

it("makes a record of what was given", () => {
  const draft = {
    ...EMPTY,
    name: "chat",
    servers: "http://a/v1\nhttp://b/v1",
    models: "llama 0 0.002\n\nsmall",
    tags: "gpu eu",
  };
  expect(faults(draft)).toEqual({});
  expect(bodyOf(draft)).toMatchObject({
    name: "chat",
    protocol: "openai",
    replicas: [{ base_url: "http://a/v1" }, { base_url: "http://b/v1" }],
    models: [
      { name: "llama", price: { per_1k_tokens_in: "0", per_1k_tokens_out: "0.002" } },
      { name: "small", price: { per_1k_tokens_in: "0", per_1k_tokens_out: "0" } },
    ],
    max_concurrency: null,
    auth: {},
    tags: ["gpu", "eu"],
  });
});

it("says what is wrong by its field", () => {
  const wrong = faults({ ...EMPTY, name: "Chat", servers: "gpu-1", models: "llama cheap", concurrency: "0" });
  expect(Object.keys(wrong)).toEqual(["name", "servers", "models", "concurrency"]);
});

it("keeps what the form does not show of an endpoint that is changed", () => {
  const there = {
    name: "chat",
    protocol: "openai",
    replicas: [{ base_url: "http://a/v1", max_concurrency: 4, gpus: 2, metrics_url: null }],
    models: [
      {
        name: "llama",
        price: { per_call: "0.1", per_second: "0", per_1k_tokens_in: "1", per_1k_tokens_out: "2" },
      },
    ],
    max_concurrency: 8,
    max_queue: 7,
    fallbacks: [{ endpoint: "other", model: null }],
    affinity: false,
    hedge: "never",
    auth: { bearer: "KEY", "header:X": "OTHER" },
    tags: ["gpu"],
  } as unknown as Endpoint;
  const draft = { ...draftOf(there), models: "llama 1 3", bearer: "" };
  expect(faults(draft)).toEqual({});
  expect(bodyOf(draft, there)).toEqual({
    ...there,
    models: [
      {
        name: "llama",
        price: { per_call: "0.1", per_second: "0", per_1k_tokens_in: "1", per_1k_tokens_out: "3" },
      },
    ],
    auth: { "header:X": "OTHER" },
  });
});
