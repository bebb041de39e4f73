/** Tools taken over from descriptions elsewhere. */
import { api, told } from "@/api/client";
import type { McpIn, OpenApiIn } from "@/api/types";

export function importOpenApi(body: OpenApiIn) {
  return told(api.POST("/v1/tools/import/openapi", { body }));
}

export function importMcp(body: McpIn) {
  return told(api.POST("/v1/tools/import/mcp", { body }));
}
