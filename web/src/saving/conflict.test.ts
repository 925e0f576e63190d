import { undo } from "@codemirror/commands";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "./fake-desk";

let browser: Browser;

beforeEach(() => {
  browser = new Browser();
});

afterEach(() => browser.close());

test("a chapter that was changed elsewhere is not overwritten", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.change(id, "甲，别处");
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("conflict");
  expect(desk.saving.theirs?.text).toBe("甲，别处");
  desk.type("丙");
  await browser.later(60_000);
  expect(server.chapter(id).text).toBe("甲，别处");
});

test.each([
  ["mine", "甲乙", "甲乙"],
  ["theirs", "甲，别处", "甲，别处"],
  ["one made of both", "甲乙，别处", "甲乙，别处"],
])("a conflict is settled with %s, and that can be undone", async (_, chosen, expected) => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.change(id, "甲，别处");
  desk.type("乙");
  await browser.later(1000);
  await desk.saving.settle(chosen);
  await browser.later(1000);
  expect(desk.saving).toMatchObject({ status: "saved", theirs: null });
  expect(server.chapter(id).text).toBe(expected);
  expect(desk.text).toBe(expected);
  expect(browser.memory.length).toBe(0);
  if (chosen !== "甲乙") {
    undo(desk.view!);
    expect(desk.text).toBe("甲乙");
  }
});

test("who has changed it again while a conflict was settled is asked again", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.change(id, "甲一");
  desk.type("乙");
  await browser.later(1000);
  server.change(id, "甲二");
  await desk.saving.settle("甲乙");
  expect(desk.saving).toMatchObject({ status: "conflict", theirs: { text: "甲二" } });
});

test("a text whose chapter was deleted is kept, and becomes another chapter", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.remove(id);
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("missing");
  desk.type("丙");
  await browser.later(1000);
  expect([...browser.memory.kept.values()].join()).toContain("甲乙丙");
  const other = server.create("");
  desk.saving.adopted(other);
  await browser.later(1000);
  expect(server.chapter(other.id).text).toBe("甲乙丙");
  expect(desk.saving.status).toBe("saved");
  expect(browser.memory.length).toBe(0);
});

test("a draft of what was changed elsewhere since is a conflict, with the draft on the page", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.gone = true;
  desk.type("乙");
  desk.saving.leave();
  await browser.later(10);
  server.gone = false;
  server.change(id, "甲，别处");
  const again = browser.page("two");
  await again.open(id);
  expect(again.text).toBe("甲乙");
  expect(again.saving).toMatchObject({ status: "conflict", theirs: { text: "甲，别处" } });
});
