/** A button for what cannot be taken back: it says what would happen, and acts on the second press. */
import { useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";

interface Props {
  /** What the first button says, and its accessible name where that is not enough. */
  word: ReactNode;
  label?: string;
  title: string;
  /** What the second button says. */
  act: string;
  busy?: boolean;
  onConfirm: () => void;
  children: ReactNode;
}

export function Confirm({ word, label, title, act, busy = false, onConfirm, children }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="danger" small disabled={busy} onClick={() => setOpen(true)} aria-label={label}>
        {word}
      </Button>
      {open && (
        <Dialog label={title} close={() => setOpen(false)}>
          <div className="space-y-4 p-5">
            <h2>{title}</h2>
            <div className="text-soft">{children}</div>
            <div className="flex justify-end gap-2">
              <Button autoFocus onClick={() => setOpen(false)}>
                Leave it
              </Button>
              <Button
                kind="danger"
                onClick={() => {
                  setOpen(false);
                  onConfirm();
                }}
              >
                {act}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
