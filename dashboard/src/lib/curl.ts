/** The same as a command: what a page does, anybody can do from a terminal. */

export interface Call {
  what: string;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  /** Of a stream: show events as they come. */
  stream?: boolean;
}

/** A word that a POSIX shell reads as exactly this text. */
export function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curl(call: Call, origin: string): string {
  const method = call.method ?? "GET";
  const verb = method === "GET" ? "" : ` -X ${method}`;
  const lines = [`curl -s${call.stream ? "N" : ""} ${quoted(origin + call.path)}${verb}`];
  lines.push(`  -H "Authorization: Bearer $TOOLPATH_API_KEY"`);
  if (call.body !== undefined)
    lines.push(`  -H 'Content-Type: application/json'`, `  -d ${quoted(JSON.stringify(call.body))}`);
  return lines.join(" \\\n");
}
