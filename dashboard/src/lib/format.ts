/** Figures, money and times as people read them. */

/** Decimal strings of the API, without losing what is small: "$0.0042", "$1.20", "free". */
export function money(usd: string | number): string {
  const value = Number(usd);
  if (!Number.isFinite(value)) return String(usd);
  if (value === 0) return "$0";
  if (Math.abs(value) >= 1) return `$${value.toFixed(2)}`;
  const digits = Math.min(9, 1 - Math.floor(Math.log10(Math.abs(value))));
  // Cents are always two digits; of what is less than a cent no more are shown than say something.
  return `$${value.toFixed(digits).replace(/(\.\d{2}\d*?)0+$/, "$1")}`;
}

/** "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "4 d". */
export function duration(seconds: number): string {
  if (seconds < 0.0005) return "0 s";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(whole / 60);
  if (minutes < 48 * 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  return `${Math.round(minutes / 1440)} d`;
}

function two(first: number, unit: string, second: number, lesser: string): string {
  return second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${lesser}`;
}

/** "just now", "3 min ago", "in 20 s". */
export function ago(at: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${short(seconds)} ago` : `in ${short(-seconds)}`;
}

function short(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
  ] as const;
  for (const [unit, size] of units) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.floor(seconds)} s`;
}

/** In the reader's own zone, to the second. */
export function clock(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
