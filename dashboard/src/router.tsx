/** The pages and their addresses. Each is loaded when it is first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  redirect,
} from "@tanstack/react-router";
import { MapPinOff } from "lucide-react";
import { Empty, Failure } from "@/components/Notice";
import { readPair } from "@/features/compare/pair";
import { readFor } from "@/features/plan/for";
import { readFilter } from "@/features/runs/filter";
import { readFilter as readToolFilter } from "@/features/tools/filter";
import { Root } from "@/routes/root";

const root = createRootRoute({ component: Root });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs", replace: true });
  },
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: readFilter,
  component: lazyRouteComponent(() => import("@/routes/runs"), "Runs"),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/new",
  component: lazyRouteComponent(() => import("@/routes/new"), "NewRunPage"),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  component: lazyRouteComponent(() => import("@/routes/inbox"), "InboxPage"),
});

const plan = createRoute({
  getParentRoute: () => root,
  path: "/plans/$id",
  validateSearch: readFor,
  component: lazyRouteComponent(() => import("@/routes/plan"), "PlanPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  component: lazyRouteComponent(() => import("@/routes/run"), "RunPage"),
});

const explain = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id/explain",
  component: lazyRouteComponent(() => import("@/routes/explain"), "ExplainPage"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: readPair,
  component: lazyRouteComponent(() => import("@/routes/compare"), "ComparePage"),
});

const tools = createRoute({
  getParentRoute: () => root,
  path: "/tools",
  validateSearch: readToolFilter,
  component: lazyRouteComponent(() => import("@/routes/tools"), "Tools"),
});

const tool = createRoute({
  getParentRoute: () => root,
  path: "/tools/$name",
  component: lazyRouteComponent(() => import("@/routes/tool"), "ToolPage"),
});

const imports = createRoute({
  getParentRoute: () => root,
  path: "/import",
  validateSearch: ({ from }: Record<string, unknown>): { from: "openapi" | "mcp" } => ({
    from: from === "mcp" ? "mcp" : "openapi",
  }),
  component: lazyRouteComponent(() => import("@/routes/import"), "ImportPage"),
});

const endpoints = createRoute({
  getParentRoute: () => root,
  path: "/endpoints",
  component: lazyRouteComponent(() => import("@/routes/endpoints"), "Endpoints"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/routes/settings"), "SettingsPage"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/settings/keys",
  component: lazyRouteComponent(() => import("@/routes/settings"), "KeysPage"),
});

const secrets = createRoute({
  getParentRoute: () => root,
  path: "/settings/secrets",
  component: lazyRouteComponent(() => import("@/routes/settings"), "SecretsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    runs,
    start,
    plan,
    inbox,
    run,
    explain,
    compare,
    tools,
    tool,
    imports,
    endpoints,
    settings,
    keys,
    secrets,
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultNotFoundComponent: () => (
    <Empty icon={MapPinOff} title="There is no such page">
      <Link to="/runs" className="text-accent underline">
        To the runs
      </Link>
    </Empty>
  ),
  defaultErrorComponent: ({ error, reset }) => (
    <div className="p-6">
      <Failure error={error instanceof Error ? error : new Error(String(error))} again={reset} />
    </div>
  ),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
