/** What an operator looks after: model endpoints, keys, secrets, settings. */
import { queryOptions } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { EndpointIn, KeyIn } from "@/api/types";

/** How the health and load of endpoints are followed. */
const LOOK_EVERY = 2_000;

export const endpointsQuery = queryOptions({
  queryKey: ["endpoints"],
  queryFn: ({ signal }) => told(api.GET("/v1/endpoints", { signal })),
  refetchInterval: LOOK_EVERY,
});

export function registerEndpoint(body: EndpointIn) {
  return told(api.POST("/v1/endpoints", { body }));
}

export function changeEndpoint(body: EndpointIn) {
  return told(api.PUT("/v1/endpoints/{name}", { params: { path: { name: body.name } }, body }));
}

export function holdEndpoint(name: string, act: "pause" | "resume") {
  const params = { path: { name } };
  return told(
    act === "pause"
      ? api.POST("/v1/endpoints/{name}/pause", { params })
      : api.POST("/v1/endpoints/{name}/resume", { params }),
  );
}

export function removeEndpoint(name: string) {
  return told(api.DELETE("/v1/endpoints/{name}", { params: { path: { name } } }));
}

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => told(api.GET("/v1/keys", { signal })),
});

export function createKey(body: KeyIn) {
  return told(api.POST("/v1/keys", { body }));
}

export function changeKey(id: string, body: KeyIn) {
  return told(api.PATCH("/v1/keys/{key_id}", { params: { path: { key_id: id } }, body }));
}

export function revokeKey(id: string) {
  return told(api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id: id } } }));
}

export const secretsQuery = queryOptions({
  queryKey: ["secrets"],
  queryFn: ({ signal }) => told(api.GET("/v1/secrets", { signal })),
});

export function putSecret(name: string, value: string) {
  return told(api.PUT("/v1/secrets/{name}", { params: { path: { name } }, body: { value } }));
}

export function removeSecret(name: string) {
  return told(api.DELETE("/v1/secrets/{name}", { params: { path: { name } } }));
}

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => told(api.GET("/v1/settings", { signal })),
  staleTime: Infinity,
});
