/** Streams as they come; after a break it goes on behind the last message seen, so none is lost or told twice. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { errorOf } from "@/api/client";
import type { RunEvent } from "@/api/types";

export type StreamState = "connecting" | "live" | "broken" | "over";

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;
/** The service says at least every 15 s that it is there. */
const SILENCE = 40_000;

interface Source {
  path: string;
  /** The id of the last message seen, at each asking. */
  last: () => string | null;
  messages: (messages: EventSourceMessage[]) => void;
  state: (state: StreamState) => void;
}

/** Follow until the stream is over or `signal` stops it. Rejects with `ApiError` where it cannot be followed. */
export async function listen(source: Source, signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  source.state("connecting");
  while (!signal.aborted) {
    const silence = new AbortController();
    try {
      const reply = await ask(source, AbortSignal.any([signal, silence.signal]));
      if (reply.status === 204) {
        source.state("over");
        return;
      }
      if (reply.status < 500 && !reply.ok) throw errorOf(reply.status, await reply.json().catch(() => null));
      if (reply.ok && reply.body) {
        source.state("live");
        pause = FIRST_PAUSE;
        for await (const batch of batches(reply.body, silence)) source.messages(batch);
        continue; // ended in peace: the next answer is 204 if nothing can follow
      }
    } catch (error) {
      if (stopped(signal)) return;
      if (error instanceof Error && error.name === "ApiError") throw error;
    }
    source.state("broken");
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

interface Listener {
  events: (events: RunEvent[]) => void;
  state: (state: StreamState) => void;
}

/** Follow a run behind event `after` until it has ended or `signal` stops it. Rejects as `listen`. */
export function follow(id: string, after: number, listener: Listener, signal: AbortSignal): Promise<void> {
  let last = after;
  const source = {
    path: `/v1/runs/${encodeURIComponent(id)}/events`,
    last: () => String(last),
    messages: (messages: EventSourceMessage[]) => {
      const fresh = unseen(
        messages.map(({ data }) => JSON.parse(data) as RunEvent),
        last,
      );
      last = fresh.at(-1)?.number ?? last;
      if (fresh.length > 0) listener.events(fresh);
    },
    state: listener.state,
  };
  return listen(source, signal);
}

// A function, since the compiler believes that what it has seen of a signal stays so.
function stopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Of a batch, what follows event `last`: what was seen before a break is not told again. */
export function unseen(batch: readonly RunEvent[], last: number): RunEvent[] {
  let newest = last;
  return batch.filter(({ number }) => {
    if (number <= newest) return false;
    newest = number;
    return true;
  });
}

function ask({ path, last }: Source, signal: AbortSignal): Promise<Response> {
  const seen = last();
  // The typed client reads whole answers; this one has no end.
  // eslint-disable-next-line no-restricted-globals
  return fetch(path, {
    headers: { Accept: "text/event-stream", ...(seen !== null && { "Last-Event-ID": seen }) },
    credentials: "same-origin",
    cache: "no-store",
    signal,
  });
}

async function* batches(
  body: ReadableStream<Uint8Array>,
  silence: AbortController,
): AsyncGenerator<EventSourceMessage[]> {
  let read: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => read.push(message) });
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    parser.feed(value);
    if (read.length > 0) yield read;
    read = [];
  }
}
