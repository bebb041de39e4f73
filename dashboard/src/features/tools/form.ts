/** A form made of a tool's input schema: its fields, and the arguments that were typed into them. */

export type Schema = Record<string, unknown>;
type Control = "text" | "line" | "number" | "yes-no" | "choice" | "file" | "json";

export interface Field {
  name: string;
  control: Control;
  required: boolean;
  hint: string;
  /** Of a choice: its values as JSON text, which tells 1 from "1". */
  choices: string[];
  /** Of a file: the media types that are taken. */
  accepts: string;
  example: string;
  schema: Schema;
}

/** By the name of a field, what stands in its control; a file stands as its reference in JSON. */
export type Typed = Readonly<Record<string, string>>;

export function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a reference within the document points to; the schema itself where there is none. */
function resolved(schema: Schema, root: Schema, depth = 8): Schema {
  const to = schema.$ref;
  if (typeof to !== "string" || !to.startsWith("#/") || depth === 0) return schema;
  let at: unknown = root;
  for (const part of to.slice(2).split("/"))
    at = isObject(at) ? at[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  return isObject(at) ? resolved({ ...at, ...withoutRef(schema) }, root, depth - 1) : schema;
}

function withoutRef(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$ref"));
}

/** "string or null" is asked for as a string; what else may be many things is written as JSON. */
function plain(schema: Schema, root: Schema): Schema {
  const whole = resolved(schema, root);
  const types = [whole.type].flat().filter((type) => type !== "null");
  if (Array.isArray(whole.type) && types.length === 1) return { ...whole, type: types[0] };
  const ways = [whole.anyOf, whole.oneOf].find(Array.isArray) as unknown[] | undefined;
  const left = ways?.filter(isObject).filter((way) => way.type !== "null") ?? [];
  const only = left.length === 1 ? left[0] : undefined;
  return only && ways?.length === 2 ? { ...whole, ...resolved(only, root) } : whole;
}

export function fieldsOf(schema: Schema): Field[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(properties)
    .map(([name, given]) => field(name, plain(isObject(given) ? given : {}, schema), required.has(name)))
    .sort((one, other) => Number(other.required) - Number(one.required));
}

function field(name: string, schema: Schema, required: boolean): Field {
  const media = schema["x-media-types"];
  const values = Array.isArray(schema.enum) ? schema.enum : null;
  const said = typeof schema.description === "string" ? schema.description : "";
  const types = [schema.type].flat();
  const usual = schema.default === undefined ? "" : `Without it: ${JSON.stringify(schema.default)}.`;
  return {
    name,
    control: Array.isArray(media) ? "file" : values ? "choice" : controlOf(types, schema),
    required,
    hint: [said, usual].filter(Boolean).join(" "),
    choices: (values ?? []).map((value) => JSON.stringify(value)),
    accepts: Array.isArray(media) ? media.filter((type) => type !== "*/*").join(",") : "",
    example: Array.isArray(schema.examples) ? JSON.stringify(schema.examples[0]) : "",
    schema,
  };
}

function controlOf(types: unknown[], schema: Schema): Control {
  if (types.length !== 1) return "json";
  switch (types[0]) {
    case "string":
      return schema.format || schema.pattern || Number(schema.maxLength) <= 200 ? "line" : "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "yes-no";
    default:
      return "json";
  }
}

/** The arguments, or by field what is wrong with it. What is left empty is not sent. */
export function argumentsOf(
  fields: readonly Field[],
  typed: Typed,
): { values: Record<string, unknown>; faults: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const text = typed[field.name] ?? "";
    if (text.trim() === "") {
      if (field.required) faults[field.name] = "It is needed.";
      continue;
    }
    const read = valueOf(field, text);
    if ("fault" in read) faults[field.name] = read.fault;
    else values[field.name] = read.value;
  }
  return { values, faults };
}

function valueOf(field: Field, text: string): { value: unknown } | { fault: string } {
  switch (field.control) {
    case "text":
    case "line":
      return { value: text };
    case "number": {
      const value = Number(text);
      if (!Number.isFinite(value)) return { fault: "A number is asked for." };
      if (field.schema.type === "integer" && !Number.isInteger(value))
        return { fault: "A whole number is asked for." };
      return { value };
    }
    default:
      return read(text);
  }
}

/** A JSON value, or why the text is none. */
export function read(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** What the controls show for given arguments; what no field shows is lost. */
export function typedOf(fields: readonly Field[], values: Record<string, unknown>): Typed {
  return Object.fromEntries(
    fields
      .filter(({ name }) => values[name] !== undefined)
      .map(({ name, control }) => {
        const value = values[name];
        const asText = typeof value === "string" && (control === "text" || control === "line");
        return [name, asText ? value : JSON.stringify(value, null, control === "json" ? 2 : 0)];
      }),
  );
}
