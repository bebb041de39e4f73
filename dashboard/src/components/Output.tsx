/** An output as people look at it: text, table, image, sound, or JSON. */
import { Download } from "lucide-react";
import { Json } from "@/components/Json";

interface Props {
  name: string;
  value: unknown;
  mediaType?: string;
  artifact?: string | null;
  preview?: string | undefined;
}

export function OutputView({ name, value, mediaType = "", artifact, preview }: Props) {
  if (artifact) return <Stored name={name} artifact={artifact} mediaType={mediaType} preview={preview} />;
  const rows = tableOf(value);
  if (rows) return <Table rows={rows} label={name} />;
  if (typeof value === "string") return <Text text={value} label={name} />;
  if (value === null || typeof value === "number" || typeof value === "boolean")
    return <p className="figures text-lg">{String(value)}</p>;
  return <Json value={value} label={name} />;
}

/** Where a value stands for a kept file: its id and type. */
export function stored(value: unknown): { artifact?: string; mediaType?: string } {
  if (typeof value !== "object" || value === null) return {};
  const { artifact, media_type } = value as Record<string, unknown>;
  if (typeof artifact !== "string") return {};
  return { artifact, ...(typeof media_type === "string" && { mediaType: media_type }) };
}

function Text({ text, label }: { text: string; label: string }) {
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label={label}
      className="max-h-96 overflow-auto break-words whitespace-pre-wrap"
    >
      {text}
    </div>
  );
}

interface StoredProps {
  name: string;
  artifact: string;
  mediaType: string;
  preview: string | undefined;
}

function Stored({ name, artifact, mediaType, preview }: StoredProps) {
  const address = `/v1/artifacts/${artifact}`;
  return (
    <div className="space-y-2">
      {mediaType.startsWith("image/") && (
        <img
          src={address}
          alt={`${name}: ${preview ?? "an image"}`}
          className="max-h-[28rem] max-w-full rounded-md border bg-white"
        />
      )}
      {mediaType.startsWith("audio/") && (
        <audio controls src={address} aria-label={name} className="w-full max-w-md" />
      )}
      {preview && !mediaType.startsWith("image/") && <Text text={preview} label={name} />}
      <a href={address} download className="inline-flex items-center gap-1.5 text-accent underline">
        <Download aria-hidden className="size-4" /> Download {name}{" "}
        <span className="text-soft">({mediaType || "file"})</span>
      </a>
    </div>
  );
}

type Row = Record<string, unknown>;
const MOST_ROWS = 200;

/** Rows of a table: a list of flat objects, or of lists under `columns`. */
export function tableOf(value: unknown): { columns: string[]; rows: unknown[][] } | null {
  if (isObject(value) && Array.isArray(value.columns) && Array.isArray(value.rows)) {
    const columns = value.columns.map((column: unknown) =>
      isObject(column) ? String(column.name) : String(column),
    );
    const rows = value.rows.map((row: unknown): unknown[] =>
      Array.isArray(row) ? row : isObject(row) ? columns.map((name) => row[name]) : [row],
    );
    return { columns, rows };
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every(isFlat)) return null;
  const columns = [...new Set(value.flatMap((row) => Object.keys(row)))];
  return { columns, rows: value.map((row) => columns.map((name) => row[name])) };
}

function isObject(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFlat(value: unknown): value is Row {
  return isObject(value) && Object.values(value).every((one) => typeof one !== "object" || one === null);
}

function shown(cell: unknown): string {
  if (cell === null || cell === undefined) return "–";
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

function Table({
  rows: { columns, rows },
  label,
}: {
  rows: NonNullable<ReturnType<typeof tableOf>>;
  label: string;
}) {
  return (
    <div tabIndex={0} role="group" aria-label={label} className="max-h-96 overflow-auto rounded-md border">
      <table className="w-full text-left text-[0.88rem]">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col" className="px-3 py-1.5 font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="figures divide-y">
          {rows.slice(0, MOST_ROWS).map((row, number) => (
            <tr key={number}>
              {row.map((cell, column) => (
                <td key={column} className="px-3 py-1">
                  {shown(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p className="p-2 text-soft">
          The first {MOST_ROWS} of {rows.length} rows.
        </p>
      )}
    </div>
  );
}
