/** Server-sent events over fetch, which unlike EventSource brings a key along and tells why a stream ended. */
import { ask, ServerError, ServerGone } from "./client";

export interface ServerEvent {
  id: number;
  event: string;
  data: unknown;
}

/** Take the events of a body apart, wherever its pieces were cut. */
export async function* parseEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = "";
  for await (const piece of pieces) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | null {
  const fields: Record<string, string> = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (fields.data === undefined) return null; // a comment, which keeps the connection open
  return { id: Number(fields.id ?? 0), event: fields.event ?? "message", data: JSON.parse(fields.data) };
}

export interface Watching {
  signal: AbortSignal;
  /** The connection was lost; it is tried again after so many milliseconds. */
  lost?: (wait: number) => void;
  /** It is back, at the event after the last that had come. */
  back?: () => void;
}

const WAITS = [250, 500, 1000, 2000, 4000];
/** Milliseconds without a word; the server sends a comment every 15 seconds. */
const SILENCE = 40_000;
/** What a proxy says while the server behind it is away, and the server where it is busy. */
const AWAY = new Set([502, 503, 504]);

/**
 * Yield the events of a stream whose last is called `end`. Where the connection is lost it goes on after the last event
 * that came, so that none is missed and none comes twice. ServerError where the server has no such stream any more.
 */
export async function* resumedEvents(path: string, { signal, lost, back }: Watching): AsyncGenerator<ServerEvent> {
  let after = 0;
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const response = await ask(`${path}?after=${after}`, { signal });
      if (failures) back?.();
      failures = 0;
      for await (const event of parseEvents(textOf(response))) {
        after = event.id;
        yield event;
        if (event.event === "end") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServerError && !AWAY.has(error.status)) throw error;
      if (!(error instanceof ServerError || error instanceof ServerGone || error instanceof TypeError)) throw error;
    }
    const wait = WAITS[Math.min(failures, WAITS.length - 1)] ?? 0;
    lost?.(wait);
    await pause(wait, signal);
  }
}

async function* textOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => undefined); // a stream that is broken already cannot be cancelled
  }
}

/** Return what comes; ServerGone where nothing does for so long that the connection must be dead. */
async function inTime<T>(coming: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ServerGone()), SILENCE);
  });
  try {
    return await Promise.race([coming, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
