/** The one door to the service: the session cookie goes along, and every refusal becomes an `ApiError`. */
import createClient from "openapi-fetch";
import type { paths } from "@/api/schema";
import type { Problem } from "@/api/types";

type Field = NonNullable<Problem["errors"]>[number];

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string,
    readonly fields: readonly Field[] = [],
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** The service did not answer at all. */
export class Unreachable extends Error {
  constructor() {
    super("The service does not answer.");
    this.name = "Unreachable";
  }
}

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });

function problemOf(value: unknown): Partial<Problem> {
  return typeof value === "object" && value !== null ? value : {};
}

export function errorOf(status: number, body: unknown): ApiError {
  const problem = problemOf(body);
  const words = problem.detail ?? problem.title ?? `The service answered ${status}.`;
  return new ApiError(status, words, problem.code ?? "", problem.errors);
}

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws `ApiError` for a refusal and `Unreachable` where none came. */
export async function told<T>(asking: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asking;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (!answer.response.ok) throw errorOf(answer.response.status, answer.error);
  return answer.data as T;
}
