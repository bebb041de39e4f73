/** The fields of a schema, one a row; the schema itself for who wants it all. */
import { Json } from "@/components/Json";
import { fieldsOf, type Schema } from "@/features/tools/form";

interface Props {
  title: string;
  schema: Schema;
  ports: Readonly<Record<string, string | string[]>>;
}

export function SchemaTable({ title, schema, ports }: Props) {
  const fields = fieldsOf(schema);
  return (
    <section aria-label={title} className="card overflow-hidden">
      <h2 className="px-4 pt-3 pb-2">{title}</h2>
      {fields.length === 0 ? (
        <p className="px-4 pb-3 text-soft">No field is named.</p>
      ) : (
        <dl className="divide-y border-t">
          {fields.map(({ name, required, hint, schema: own }) => (
            <div key={name} className="grid gap-x-4 px-4 py-2 sm:grid-cols-[14rem_minmax(0,1fr)]">
              <dt className="min-w-0 break-words">
                <code className="font-medium">{name}</code>
                {required && <span className="ml-2 text-[0.82rem] text-soft">required</span>}
                <p className="text-[0.86rem] break-words text-soft">
                  {[typeOf(own), ...[ports[name] ?? []].flat()].filter(unlike).join(" · ")}
                </p>
              </dt>
              <dd className="min-w-0 break-words">
                {hint || <span className="text-soft">Not described.</span>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <details className="border-t px-4 py-2">
        <summary className="text-soft">JSON Schema</summary>
        <div className="mt-2">
          <Json value={schema} label={`JSON Schema: ${title}`} />
        </div>
      </details>
    </section>
  );
}

function unlike(word: string, at: number, all: readonly string[]): boolean {
  return word !== "" && all.indexOf(word) === at;
}

function typeOf(schema: Schema): string {
  if (schema["x-media-types"]) return "file";
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [schema.type].flat().filter((type) => typeof type === "string");
  return types.join(" or ") || "any";
}
