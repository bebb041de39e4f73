import { useEffect, useState } from "react";
import { ago, clock } from "@/lib/format";

/** The time now, renewed every so many milliseconds while somebody looks. */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export function When({ at }: { at: string }) {
  const now = useNow(5_000);
  return (
    <time dateTime={at} title={clock(at)} className="figures whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}
