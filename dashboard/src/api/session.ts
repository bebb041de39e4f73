/** Whether the service knows this browser. Only it can say so: the cookie is hidden from script. */
import { useSyncExternalStore } from "react";
import { onLoggedOut } from "@/api/queries";

let loggedOut = false;
const listeners = new Set<() => void>();

export function setLoggedOut(value: boolean): void {
  loggedOut = value;
  for (const listener of listeners) listener();
}

onLoggedOut(() => setLoggedOut(true));

export function useLoggedOut(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => loggedOut,
  );
}
