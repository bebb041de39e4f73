/** Light, dark, or as the system has it; public/theme.js sets the first one before anything is painted. */
export type Theme = "system" | "light" | "dark";

const KEY = "toolpath.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(wanted: Theme): void {
  localStorage.setItem(KEY, wanted);
  apply();
}

function apply(): void {
  const wanted = theme();
  document.documentElement.dataset.theme = wanted === "system" ? (dark.matches ? "dark" : "light") : wanted;
}

dark.addEventListener("change", apply);
