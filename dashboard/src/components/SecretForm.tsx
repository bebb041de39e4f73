/** A value that goes in and never comes out: it is forgotten here as soon as the service has it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { putSecret } from "@/api/operations";
import { Button } from "@/components/Button";
import { Labelled } from "@/components/Labelled";

/** What the service asks for at least: a shorter one could not be masked where a peer repeats it. */
const SHORTEST = 4;

export function SecretForm({ name, done }: { name: string; done?: () => void }) {
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const [fault, setFault] = useState<string>();
  const setting = useMutation({
    mutationFn: () => putSecret(name, value),
    onSuccess: () => {
      setValue("");
      for (const key of ["secrets", "tools", "tool", "sources"])
        void queries.invalidateQueries({ queryKey: [key] });
      done?.();
    },
    gcTime: 0,
  });
  return (
    <form
      noValidate
      autoComplete="off"
      className="flex flex-wrap items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const short = value.length < SHORTEST;
        setFault(short ? `It has at least ${SHORTEST} characters.` : undefined);
        if (!short) setting.mutate();
      }}
    >
      <div className="min-w-52 flex-1">
        <Labelled
          label={`Value of ${name}`}
          hint={setting.isSuccess ? "It is kept, sealed." : "It is never shown again."}
          fault={fault ?? setting.error?.message}
        >
          {(ids) => (
            <input
              {...ids}
              type="password"
              autoComplete="new-password"
              className="field"
              value={value}
              onChange={({ target }) => setValue(target.value)}
            />
          )}
        </Labelled>
      </div>
      <Button type="submit" disabled={setting.isPending} className="mt-7" aria-label={`Set ${name}`}>
        {setting.isSuccess && <Check aria-hidden className="size-4" />}
        Set
      </Button>
    </form>
  );
}
