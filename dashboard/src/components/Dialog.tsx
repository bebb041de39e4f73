/** A modal: the browser's own, which keeps the focus within and closes on Escape. */
import { useEffect, useRef, type ReactNode } from "react";

interface Props {
  label: string;
  close: () => void;
  children: ReactNode;
  className?: string;
}

export function Dialog({ label, close, children, className = "" }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      aria-label={label}
      onClose={close}
      onClick={(event) => {
        if (event.target === box.current) close();
      }}
      className={`m-auto mt-[12vh] w-[min(36rem,calc(100vw-2rem))] rounded-xl border border-line-strong bg-surface p-0 text-ink shadow-2xl backdrop:bg-black/45 ${className}`}
    >
      {children}
    </dialog>
  );
}
