import { useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useEffect } from "react";
import { api } from "@/api/client";
import { setLoggedOut } from "@/api/session";
import { Empty } from "@/components/Notice";

/** How to get in. It looks again when the reader comes back to it. */
export function LoggedOut() {
  const queries = useQueryClient();
  useEffect(() => {
    document.title = "Log in · Toolpath";
    const look = () => {
      void api.GET("/v1/runs", { params: { query: { limit: 1 } } }).then(
        ({ response }) => {
          if (!response.ok) return;
          queries.clear();
          setLoggedOut(false);
        },
        () => undefined, // it does not answer; the next look may
      );
    };
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [queries]);
  return (
    <main className="grid min-h-screen place-items-center">
      <Empty icon={KeyRound} title="You are not logged in">
        <p>
          Run <code className="rounded bg-sunken px-1.5 py-0.5 text-ink">toolpath login</code> on the machine
          of the service and open the link that it prints in this browser. This page goes on by itself when
          you come back to it.
        </p>
      </Empty>
    </main>
  );
}
