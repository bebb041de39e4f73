/** Words to search by: passed on once typing pauses. */
import { Search } from "lucide-react";
import { useEffect, useState } from "react";

/** Milliseconds without a key after which the words count. */
const PAUSE = 300;

interface Props {
  label: string;
  placeholder: string;
  value: string;
  change: (words: string) => void;
}

export function SearchBox({ label, placeholder, value, change }: Props) {
  const [words, setWords] = useState(value);
  useEffect(() => {
    if (words === value) return;
    const timer = setTimeout(() => change(words), PAUSE);
    return () => clearTimeout(timer);
  }, [words, value, change]);
  return (
    <div className="relative">
      <Search aria-hidden className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-soft" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={1000}
        className="field !pl-8"
        value={words}
        onChange={({ target }) => setWords(target.value)}
      />
    </div>
  );
}
