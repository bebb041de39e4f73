/** The frame of every page: navigation, theme, palette, keys; and what stands there for who is not logged in. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useRouter } from "@tanstack/react-router";
import {
  Command as CommandIcon,
  GitCompareArrows,
  Inbox,
  ListTree,
  LogOut,
  Monitor,
  Moon,
  Plus,
  Server,
  Settings,
  Sun,
  Wrench,
  type LucideIcon,
} from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useChanges } from "@/api/changes";
import { inboxCountQuery } from "@/api/inbox";
import { logout } from "@/api/runs";
import { setLoggedOut, useLoggedOut } from "@/api/session";
import { Button } from "@/components/Button";
import { Palette } from "@/components/Palette";
import { setTheme, theme, type Theme } from "@/lib/theme";
import { LoggedOut } from "@/routes/logged-out";
import { commandsOf, PLACES } from "@/routes/commands";

const ICONS: Record<string, LucideIcon> = {
  "/runs": ListTree,
  "/new": Plus,
  "/inbox": Inbox,
  "/compare": GitCompareArrows,
  "/tools": Wrench,
  "/endpoints": Server,
  "/settings": Settings,
};

export function Root() {
  const router = useRouter();
  const loggedOut = useLoggedOut();
  const [open, setOpen] = useState(false);
  const leave = useCallback(() => void logout().finally(() => setLoggedOut(true)), []);
  useKeys(
    () => setOpen(true),
    (to) => void router.navigate({ to }),
  );
  if (loggedOut) return <LoggedOut />;
  return (
    <div className="min-h-screen sm:grid sm:grid-cols-[13rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-20 rounded bg-surface px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Changes />
      <Navigation openPalette={() => setOpen(true)} leave={leave} />
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        <Outlet />
      </main>
      {open && <Palette commands={commandsOf(router, leave)} close={() => setOpen(false)} />}
    </div>
  );
}

/** Draws nothing: it is there as long as somebody is logged in. */
function Changes() {
  useChanges();
  return null;
}

function Navigation({ openPalette, leave }: { openPalette: () => void; leave: () => void }) {
  const pages = useRef<HTMLElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });
  // On a phone the row of pages is longer than the screen.
  useEffect(() => {
    pages.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [path]);
  return (
    <aside className="sticky top-0 z-10 flex items-center gap-1 border-b bg-surface px-3 py-2 max-sm:flex-wrap sm:h-screen sm:flex-col sm:items-stretch sm:border-r sm:border-b-0 sm:px-3 sm:py-4">
      <Link
        to="/runs"
        className="flex items-center gap-2 rounded-md px-2 font-semibold tracking-tight sm:mb-4"
      >
        <img src="/icon.svg" alt="" className="size-6" />
        <span className="max-sm:sr-only">Toolpath</span>
      </Link>
      <nav
        ref={pages}
        aria-label="Pages"
        className="flex min-w-0 gap-1 overflow-x-auto max-sm:order-last max-sm:w-full sm:flex-1 sm:flex-col"
      >
        {PLACES.map(({ name, to }) => {
          const Icon = ICONS[to] ?? ListTree;
          return (
            <Link
              key={to}
              to={to}
              className="flex items-center gap-2.5 rounded-md px-2.5 py-1.5 whitespace-nowrap max-sm:px-2 text-soft hover:bg-sunken hover:text-ink"
              activeProps={{ className: "bg-accent-wash !text-ink font-medium", "aria-current": "page" }}
            >
              <Icon aria-hidden className="size-4 max-sm:hidden" />
              {name}
              {to === "/inbox" && <Waiting />}
            </Link>
          );
        })}
      </nav>
      <div className="flex items-center gap-1 max-sm:ml-auto sm:flex-col sm:items-stretch">
        <Button kind="quiet" small onClick={openPalette} className="sm:!justify-start">
          <CommandIcon aria-hidden className="size-4" />
          <span className="max-sm:sr-only">Commands</span>
          <kbd className="ml-auto text-soft max-sm:hidden">Ctrl K</kbd>
        </Button>
        <ThemeButton />
        <Button kind="quiet" small onClick={leave} className="sm:!justify-start">
          <LogOut aria-hidden className="size-4" />
          <span className="max-sm:sr-only">Log out</span>
        </Button>
      </div>
    </aside>
  );
}

/** How much waits for a person; nothing where nothing does. */
function Waiting() {
  const { data } = useQuery(inboxCountQuery());
  if (!data || data.waiting === 0) return null;
  return (
    <span className="figures ml-auto rounded-full bg-warn-wash px-2 text-[0.82rem] font-medium text-warn">
      {data.waiting}
      {data.more && "+"}
      <span className="sr-only"> waiting</span>
    </span>
  );
}

const THEMES = {
  system: { word: "System", icon: Monitor, next: "light" },
  light: { word: "Light", icon: Sun, next: "dark" },
  dark: { word: "Dark", icon: Moon, next: "system" },
} as const satisfies Record<Theme, { word: string; icon: LucideIcon; next: Theme }>;

function ThemeButton() {
  const [now, setNow] = useState(theme);
  const { word, icon: Icon, next } = THEMES[now];
  const change = () => {
    setTheme(next);
    setNow(next);
  };
  return (
    <Button kind="quiet" small onClick={change} className="sm:!justify-start" title={`Switch to ${next}`}>
      <Icon aria-hidden className="size-4" />
      <span className="max-sm:sr-only">Theme: {word}</span>
    </Button>
  );
}

/** Ctrl-K, and "g" followed by the letter of a page. */
function useKeys(openPalette: () => void, go: (to: string) => void): void {
  const acts = useRef({ openPalette, go });
  useEffect(() => {
    acts.current = { openPalette, go };
  });
  useEffect(() => {
    let before = "";
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        acts.current.openPalette();
        return;
      }
      const typing =
        event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const place = before === "g" ? PLACES.find(({ key }) => key === event.key) : undefined;
      before = event.key;
      if (place) acts.current.go(place.to);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
