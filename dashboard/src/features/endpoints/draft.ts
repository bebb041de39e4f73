/** What the form of a new endpoint holds, and the record that it makes. */
import type { EndpointIn, Protocol } from "@/api/types";

export interface Draft {
  name: string;
  servers: string;
  protocol: Protocol;
  models: string;
  priceIn: string;
  priceOut: string;
  concurrency: string;
  bearer: string;
}

export const EMPTY: Draft = {
  name: "",
  servers: "",
  protocol: "openai",
  models: "",
  priceIn: "",
  priceOut: "",
  concurrency: "",
  bearer: "",
};

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function amount(text: string): boolean {
  return !text.trim() || /^\d+(\.\d{1,12})?$/.test(text.trim());
}

/** By field, what is wrong with it. */
export function faults(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (!/^[a-z][a-z0-9_.-]{0,63}$/.test(draft.name))
    wrong.name = "A small letter, then small letters, digits, _, - and dots.";
  const servers = words(draft.servers);
  if (servers.length === 0 || !servers.every((url) => /^https?:\/\/\S+$/.test(url)))
    wrong.servers = "One address or more, such as http://gpu-1:8000/v1.";
  for (const name of ["priceIn", "priceOut"] as const)
    if (!amount(draft[name])) wrong[name] = "Dollars, such as 0.002.";
  if ((draft.priceIn || draft.priceOut) && words(draft.models).length === 0)
    wrong.models = "A price belongs to a model: name it.";
  if (draft.concurrency && !/^[1-9]\d{0,5}$/.test(draft.concurrency))
    wrong.concurrency = "A whole number from 1.";
  return wrong;
}

export function bodyOf(draft: Draft): EndpointIn {
  const price = {
    ...(draft.priceIn && { per_1k_tokens_in: draft.priceIn.trim() }),
    ...(draft.priceOut && { per_1k_tokens_out: draft.priceOut.trim() }),
  };
  const models = words(draft.models).map((name) => ({ name, price }));
  return {
    name: draft.name,
    protocol: draft.protocol,
    replicas: words(draft.servers).map((base_url) => ({ base_url })),
    ...(models.length > 0 && { models }),
    ...(draft.concurrency && { max_concurrency: Number(draft.concurrency) }),
    ...(draft.bearer.trim() && { auth: { bearer: draft.bearer.trim() } }),
  } as unknown as EndpointIn; // what is left out is the service's to fill in
}
