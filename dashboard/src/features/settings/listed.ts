/** Settings as lines: those within others by their whole name. */
export interface Line {
  name: string;
  value: string;
}

export function listedSettings(settings: Record<string, unknown>, before = ""): Line[] {
  return Object.entries(settings)
    .flatMap(([key, value]) => {
      const name = before + key;
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        return listedSettings(value as Record<string, unknown>, `${name}.`);
      return [{ name, value: shown(value) }];
    })
    .sort((one, other) => one.name.localeCompare(other.name));
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
