import { useState } from "react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { mcpBody, NO_MCP, NO_OPENAPI, openApiBody } from "@/features/import/draft";
import { Mcp } from "@/features/import/Mcp";
import { OpenApi } from "@/features/import/OpenApi";

const route = getRouteApi("/import");

export function ImportPage() {
  const { from } = route.useSearch();
  const [document, setDocument] = useState(NO_OPENAPI);
  const [server, setServer] = useState(NO_MCP);
  const body = from === "mcp" ? mcpBody(server, false) : openApiBody(document, false);
  return (
    <Page
      title="Import tools"
      beside={
        <Link to="/tools" className="text-accent underline">
          Back to the tools
        </Link>
      }
      calls={[
        { what: "This import", method: "POST", path: `/v1/tools/import/${from}`, body },
        {
          what: "Only what would come",
          method: "POST",
          path: `/v1/tools/import/${from}`,
          body: { ...body, dry_run: true },
        },
      ]}
    >
      <Tabs
        label="Import from"
        tabs={[
          { name: "OpenAPI", to: "/import", search: { from: "openapi" } },
          { name: "MCP", to: "/import", search: { from: "mcp" } },
        ]}
      />
      {from === "mcp" ? (
        <Mcp draft={server} change={setServer} />
      ) : (
        <OpenApi draft={document} change={setDocument} />
      )}
    </Page>
  );
}
