/** Speaking to moxu's server: JSON there and back, and errors that say what the page can do about them. */
import { gate } from "./gate.svelte";

/** What is wrong, in the words of the server's error object. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly param: string | null = null,
    /** All that the server said; of a conflict it holds what the store has. */
    readonly body: unknown = null,
  ) {
    super(message);
    this.name = "ServerError";
  }
}

/** The server cannot be reached: nobody knows whether what was asked has been done. */
export class ServerGone extends Error {
  constructor() {
    super("the server cannot be reached");
    this.name = "ServerGone";
  }
}

export interface Asking {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON; a Blob goes as it is. */
  body?: unknown;
  signal?: AbortSignal;
  /** Let it arrive even where the page is being closed. */
  keepalive?: boolean;
  /** Milliseconds after which the server counts as gone. */
  within?: number;
}

/** How many bytes browsers let arrive after their page, for all requests together. */
const KEPT_ALIVE = 60_000;

/**
 * Ask, and return the answer; ServerError where the server says no, ServerGone where nobody answers. Where a key is
 * wanted, it waits until the visitor has given one.
 */
export async function ask(path: string, asking: Asking = {}): Promise<Response> {
  for (;;) {
    const { key } = gate;
    const response = await fetched(path, asking, key);
    if (response.ok) return response;
    if (response.status !== 401) throw await refusal(response);
    await gate.pass(key);
    asking.signal?.throwIfAborted();
  }
}

async function fetched(path: string, asking: Asking, key: string): Promise<Response> {
  const { method = "GET", body, signal, keepalive = false, within } = asking;
  const headers: Record<string, string> = {};
  if (key) headers.authorization = `Bearer ${key}`;
  const raw = body instanceof Blob;
  if (raw) headers["content-type"] = body.type || "application/octet-stream";
  else if (body !== undefined) headers["content-type"] = "application/json";
  const sent = raw ? body : body === undefined ? undefined : JSON.stringify(body);
  const signals = [signal, within && AbortSignal.timeout(within)].filter((one) => one instanceof AbortSignal);
  try {
    return await fetch(path, {
      method,
      headers,
      body: sent,
      signal: AbortSignal.any(signals),
      keepalive: keepalive && new Blob([sent ?? ""]).size < KEPT_ALIVE,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServerGone();
  }
}

/** Ask, and return what the JSON of the answer holds; undefined where there is none. */
export async function askJson<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await ask(path, asking);
  const text = await response.text().catch((error: unknown) => {
    if (asking.signal?.aborted) throw error;
    throw new ServerGone(); // in the midst of its answer
  });
  return (text ? JSON.parse(text) : undefined) as T;
}

async function refusal(response: Response): Promise<ServerError> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { message?: string; code?: string; param?: string } } | null)?.error;
  return new ServerError(
    response.status,
    error?.message ?? response.statusText,
    error?.code ?? null,
    error?.param ?? null,
    body,
  );
}
