import { useId, type ReactNode } from "react";

interface Props {
  label: string;
  hint?: string;
  fault?: string | undefined;
  /** The control, given the ids that tie it to its label and to what is said of it. */
  children: (ids: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

export function Labelled({ label, hint, fault, children }: Props) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": fault !== undefined })}
      <p id={`${id}-hint`} className={`mt-1 min-h-5 text-[0.86rem] ${fault ? "text-bad" : "text-soft"}`}>
        {fault ?? hint}
      </p>
    </div>
  );
}
