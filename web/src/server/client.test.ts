import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ask, askJson, ServerError, ServerGone } from "./client";
import { gate } from "./gate.svelte";

const answers = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();
const kept = new Map<string, string>();

beforeEach(() => {
  vi.stubGlobal("fetch", answers);
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  answers.mockReset();
  kept.clear();
});

const keyOf = (init: RequestInit) => (init.headers as Record<string, string>).authorization;

test("what is asked for waits at the gate until a key is given that opens it", async () => {
  answers.mockImplementation(async (_, init) =>
    keyOf(init) === "Bearer right" ? Response.json({ done: true }) : new Response("{}", { status: 401 }),
  );
  const asked = [askJson("/desk/state"), askJson("/desk/stories")];
  await vi.waitUntil(() => gate.closed);
  expect(gate.refused).toBe(false);
  gate.open("wrong");
  await vi.waitUntil(() => gate.closed);
  expect(gate.refused).toBe(true);
  gate.open("right");
  expect(await Promise.all(asked)).toEqual([{ done: true }, { done: true }]);
  expect(gate.closed).toBe(false);
});

test("what the server refuses is told in its words", async () => {
  const error = { message: "too long", code: "too_long", param: "text" };
  answers.mockResolvedValue(Response.json({ error }, { status: 413 }));
  const refused = await ask("/desk/x").catch((one: unknown) => one);
  expect(refused).toBeInstanceOf(ServerError);
  expect(refused).toMatchObject({ status: 413, message: "too long", code: "too_long", param: "text" });
});

test("a server that is lost in the midst of its answer is gone", async () => {
  const broken = new ReadableStream({ start: (stream) => stream.error(new TypeError("terminated")) });
  answers.mockResolvedValue(new Response(broken));
  await expect(askJson("/desk/x")).rejects.toBeInstanceOf(ServerGone);
});

test("a server that does not answer in time is gone", async () => {
  answers.mockImplementation(
    (_, init) => new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(new Error()))),
  );
  await expect(ask("/desk/x", { within: 10 })).rejects.toBeInstanceOf(ServerGone);
});

test("only what is small enough may arrive after its page", async () => {
  answers.mockImplementation(async () => Response.json({}));
  await ask("/desk/x", { method: "PUT", body: { text: "雾" }, keepalive: true });
  await ask("/desk/x", { method: "PUT", body: { text: "雾".repeat(21_000) }, keepalive: true });
  expect(answers.mock.calls.map(([, init]) => init.keepalive)).toEqual([true, false]);
});
