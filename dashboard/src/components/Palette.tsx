/** Every command of the page by its name: Ctrl-K, type, Enter. */
import { Search } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { Dialog } from "@/components/Dialog";

export interface Command {
  name: string;
  hint?: string;
  act: () => void;
}

export function found(commands: readonly Command[], words: string): Command[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ name, hint = "" }) =>
    wanted.every((word) => `${name} ${hint}`.toLowerCase().includes(word)),
  );
}

export function Palette({ commands, close }: { commands: readonly Command[]; close: () => void }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const listed = found(commands, words);
  const chosen = Math.min(at, listed.length - 1);
  const take = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.act();
  };
  const onKey = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setAt((chosen + move + listed.length) % Math.max(listed.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(listed[chosen]);
    }
  };
  return (
    <Dialog label="Commands" close={close}>
      <div className="flex items-center gap-2.5 border-b px-4">
        <Search aria-hidden className="size-4 text-soft" />
        <input
          autoFocus
          role="combobox"
          aria-label="Find a command"
          aria-expanded="true"
          aria-controls="palette"
          aria-activedescendant={listed.length > 0 ? `command-${chosen}` : undefined}
          placeholder="Find a command, or type the id of a run"
          className="w-full bg-transparent py-3.5 outline-none placeholder:text-soft"
          value={words}
          onChange={(event) => {
            setWords(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      <ul id="palette" role="listbox" aria-label="Commands" className="max-h-80 overflow-y-auto p-1.5">
        {listed.map((command, number) => (
          <li
            key={command.name}
            id={`command-${number}`}
            role="option"
            aria-selected={number === chosen}
            onMouseMove={() => setAt(number)}
            onClick={() => take(command)}
            className={`flex cursor-pointer items-center justify-between gap-4 rounded-md px-3 py-2 ${number === chosen ? "bg-accent-wash" : ""}`}
          >
            <span>{command.name}</span>
            {command.hint && <span className="text-[0.85rem] text-soft">{command.hint}</span>}
          </li>
        ))}
      </ul>
      {listed.length === 0 && <p className="px-4 pb-4 text-soft">No command has these words.</p>}
    </Dialog>
  );
}
