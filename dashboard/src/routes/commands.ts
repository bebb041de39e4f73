/** What the palette offers on every page, and the keys for it. */
import type { AnyRouter } from "@tanstack/react-router";
import type { Command } from "@/components/Palette";
import { setTheme } from "@/lib/theme";

export interface Place {
  name: string;
  to: string;
  /** Pressed after "g". */
  key: string;
}

/** The pages of the navigation. A page is added here and in the router. */
export const PLACES: readonly Place[] = [
  { name: "Runs", to: "/runs", key: "r" },
  { name: "Inbox", to: "/inbox", key: "i" },
  { name: "New run", to: "/new", key: "n" },
  { name: "Compare", to: "/compare", key: "c" },
  { name: "Tools", to: "/tools", key: "t" },
  { name: "Endpoints", to: "/endpoints", key: "e" },
  { name: "Settings", to: "/settings", key: "s" },
];

export function commandsOf(router: AnyRouter, leave: () => void): Command[] {
  return [
    ...PLACES.map(({ name, to, key }) => ({
      name: `Go to ${name}`,
      hint: `g ${key}`,
      act: () => void router.navigate({ to }),
    })),
    { name: "Import tools", act: () => void router.navigate({ to: "/import", search: { from: "openapi" } }) },
    { name: "Theme: light", act: () => setTheme("light") },
    { name: "Theme: dark", act: () => setTheme("dark") },
    { name: "Theme: as the system", act: () => setTheme("system") },
    { name: "Open the API reference", act: () => window.location.assign("/docs") },
    { name: "Log out", act: leave },
  ];
}
