import type { ButtonHTMLAttributes, ReactNode } from "react";

type Kind = "primary" | "plain" | "quiet" | "danger";

const KINDS: Record<Kind, string> = {
  primary: "bg-accent text-accent-ink border-transparent hover:opacity-90",
  plain: "bg-surface text-ink border-line-strong hover:bg-sunken",
  quiet: "bg-transparent text-soft border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border-bad hover:bg-bad-wash",
};

export function buttonClass(kind: Kind = "plain", small = false): string {
  const size = small ? "px-2.5 py-1 text-[0.86rem]" : "px-3.5 py-1.5";
  return `inline-flex items-center justify-center gap-1.5 rounded-[7px] border font-medium whitespace-nowrap transition-colors disabled:opacity-50 ${size} ${KINDS[kind]}`;
}

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  small?: boolean;
  children: ReactNode;
}

export function Button({ kind = "plain", small = false, className = "", type = "button", ...rest }: Props) {
  return <button type={type} className={`${buttonClass(kind, small)} ${className}`} {...rest} />;
}
