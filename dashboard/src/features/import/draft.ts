/** What the import forms hold, and the bodies that they ask with. */
import type { McpIn, OpenApiIn } from "@/api/types";

export interface OpenApiDraft {
  from: "url" | "text";
  url: string;
  text: string;
  /** The name of the file that the text was read from. */
  file: string;
  include: string;
  exclude: string;
  prefix: string;
  server: string;
  auth: string;
}

export const NO_OPENAPI: OpenApiDraft = {
  from: "url",
  url: "",
  text: "",
  file: "",
  include: "",
  exclude: "",
  prefix: "",
  server: "",
  auth: "",
};

export interface McpDraft {
  server: string;
  url: string;
  prefix: string;
  bearer: string;
}

export const NO_MCP: McpDraft = { server: "", url: "", prefix: "", bearer: "" };

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

const PREFIX = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;

/** By field, what is wrong with it. The service has the last word. */
export function openApiFaults(draft: OpenApiDraft): Partial<Record<keyof OpenApiDraft, string>> {
  const wrong: Partial<Record<keyof OpenApiDraft, string>> = {};
  if (draft.from === "url" && !/^https?:\/\/\S+$/.test(draft.url.trim()))
    wrong.url = "The address of the document, such as https://api.example.com/openapi.json.";
  if (draft.from === "text" && !draft.text.trim()) wrong.text = "Paste the document, or choose its file.";
  if (draft.prefix && !PREFIX.test(draft.prefix)) wrong.prefix = "A letter, then letters, digits and _.";
  if (words(draft.auth).some((word) => !/^[^=]+=[^=]+$/.test(word)))
    wrong.auth = "As SCHEME=SECRET, by spaces.";
  return wrong;
}

export function openApiBody(draft: OpenApiDraft, dryRun: boolean): OpenApiIn {
  const include = words(draft.include);
  const exclude = words(draft.exclude);
  const auth = Object.fromEntries(words(draft.auth).map((word) => word.split("=", 2))) as Record<
    string,
    string
  >;
  return {
    ...(draft.from === "url" ? { url: draft.url.trim() } : { document: draft.text }),
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(draft.prefix && { prefix: draft.prefix }),
    ...(draft.server.trim() && { server: draft.server.trim() }),
    ...(Object.keys(auth).length > 0 && { auth }),
    dry_run: dryRun,
  } as OpenApiIn;
}

export function mcpFaults(draft: McpDraft): Partial<Record<keyof McpDraft, string>> {
  const wrong: Partial<Record<keyof McpDraft, string>> = {};
  if (!draft.server && !/^https?:\/\/\S+$/.test(draft.url.trim()))
    wrong.url = "The address of the server, such as https://mcp.example.com/mcp.";
  if (draft.prefix && !PREFIX.test(draft.prefix)) wrong.prefix = "A letter, then letters, digits and _.";
  return wrong;
}

export function mcpBody(draft: McpDraft, dryRun: boolean): McpIn {
  return {
    ...(draft.server ? { server: draft.server } : { url: draft.url.trim() }),
    ...(draft.prefix && { prefix: draft.prefix }),
    ...(!draft.server && draft.bearer.trim() && { auth: { bearer: draft.bearer.trim() } }),
    dry_run: dryRun,
  };
}
