/** What the form of an endpoint holds, and the record that it makes. */
import type { Endpoint, EndpointIn, Protocol } from "@/api/types";

export interface Draft {
  name: string;
  servers: string;
  protocol: Protocol;
  /** A model a line: its name, then what 1,000 tokens cost going in and coming out. */
  models: string;
  concurrency: string;
  bearer: string;
  tags: string;
}

export const EMPTY: Draft = {
  name: "",
  servers: "",
  protocol: "openai",
  models: "",
  concurrency: "",
  bearer: "",
  tags: "",
};

/** What the form holds of an endpoint that is there. */
export function draftOf(endpoint: Endpoint): Draft {
  const { bearer } = endpoint.auth;
  return {
    name: endpoint.name,
    servers: endpoint.replicas.map(({ base_url }) => base_url).join("\n"),
    protocol: endpoint.protocol,
    models: endpoint.models
      .map(({ name, price: { per_1k_tokens_in: into, per_1k_tokens_out: out } }) =>
        Number(into) || Number(out) ? `${name} ${into} ${out}` : name,
      )
      .join("\n"),
    concurrency: endpoint.max_concurrency?.toString() ?? "",
    bearer: typeof bearer === "string" ? bearer : "",
    tags: endpoint.tags.join(" "),
  };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function modelsOf({ models }: Draft): string[][] {
  return models
    .split("\n")
    .map(words)
    .filter(({ length }) => length > 0);
}

const AMOUNT = /^\d+(\.\d{1,12})?$/;

/** By field, what is wrong with it. */
export function faults(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (!/^[a-z][a-z0-9_.-]{0,63}$/.test(draft.name))
    wrong.name = "A small letter, then small letters, digits, _, - and dots.";
  const servers = words(draft.servers);
  if (servers.length === 0 || !servers.every((url) => /^https?:\/\/\S+$/.test(url)))
    wrong.servers = "One address or more, such as http://gpu-1:8000/v1.";
  if (
    !modelsOf(draft).every(([, ...prices]) => prices.length <= 2 && prices.every((one) => AMOUNT.test(one)))
  )
    wrong.models = "A name, then at most two prices in dollars, such as: llama 0.0004 0.0016";
  if (draft.concurrency && !/^[1-9]\d{0,5}$/.test(draft.concurrency))
    wrong.concurrency = "A whole number from 1.";
  return wrong;
}

/** The record; of an endpoint that is `there`, what the form does not show stays as it is. */
export function bodyOf(draft: Draft, there?: Endpoint): EndpointIn {
  const known = new Map(there?.replicas.map((replica) => [replica.base_url, replica]));
  const replicas = words(draft.servers).map((base_url) => {
    const { max_concurrency = null, gpus = 0, metrics_url = null } = known.get(base_url) ?? {};
    return { base_url, max_concurrency, gpus, metrics_url };
  });
  const models = modelsOf(draft).map(([name = "", into = "0", out = "0"]) => {
    const price = there?.models.find((model) => model.name === name)?.price;
    return { name, price: { ...price, per_1k_tokens_in: into, per_1k_tokens_out: out } };
  });
  const bearer = draft.bearer.trim();
  const others = Object.entries(there?.auth ?? {}).filter(([way]) => way !== "bearer");
  return {
    ...(there && {
      max_queue: there.max_queue,
      fallbacks: there.fallbacks,
      affinity: there.affinity,
      hedge: there.hedge,
    }),
    name: draft.name,
    protocol: draft.protocol,
    replicas,
    models,
    max_concurrency: draft.concurrency ? Number(draft.concurrency) : null,
    auth: { ...Object.fromEntries(others), ...(bearer && { bearer }) },
    tags: words(draft.tags),
  } as EndpointIn; // what is left out is the service's to fill in
}
