import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { settingsQuery } from "@/api/operations";
import { Failure, Loading } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { Configuration } from "@/features/settings/Configuration";
import { Keys } from "@/features/settings/Keys";
import { Secrets } from "@/features/settings/Secrets";
import type { Call } from "@/lib/curl";

const TABS = [
  { name: "Configuration", to: "/settings" },
  { name: "API keys", to: "/settings/keys" },
  { name: "Secrets", to: "/settings/secrets" },
];

function Framed({ calls, children }: { calls: Call[]; children: ReactNode }) {
  return (
    <Page title="Settings" calls={calls}>
      <Tabs label="Settings" tabs={TABS} />
      {children}
    </Page>
  );
}

export function SettingsPage() {
  const settings = useQuery(settingsQuery);
  return (
    <Framed calls={[{ what: "Versions and effective settings", path: "/v1/settings" }]}>
      {settings.error && <Failure error={settings.error} again={() => void settings.refetch()} />}
      {settings.isPending && <Loading rows={10} />}
      {settings.data && <Configuration settings={settings.data} />}
    </Framed>
  );
}

export function KeysPage() {
  return (
    <Framed
      calls={[
        { what: "All keys", path: "/v1/keys" },
        {
          what: "Make one",
          method: "POST",
          path: "/v1/keys",
          body: { name: "ci", caps: [{ usd: "5", per: "day" }] },
        },
        { what: "Revoke one", method: "DELETE", path: "/v1/keys/KEY" },
      ]}
    >
      <Keys />
    </Framed>
  );
}

export function SecretsPage() {
  return (
    <Framed
      calls={[
        { what: "All secrets, without their values", path: "/v1/secrets" },
        { what: "Set one", method: "PUT", path: "/v1/secrets/NAME", body: { value: "…" } },
        { what: "Forget one", method: "DELETE", path: "/v1/secrets/NAME" },
      ]}
    >
      <Secrets />
    </Framed>
  );
}
