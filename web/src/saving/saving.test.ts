import { undo } from "@codemirror/commands";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "./fake-desk";

let browser: Browser;

beforeEach(() => {
  browser = new Browser();
});

afterEach(() => browser.close());

test("what is typed is saved a moment later, as what was changed, and the title with it", async () => {
  const { server } = browser;
  const { id } = server.create("渡口\n雾");
  const desk = browser.page();
  await desk.open(id);
  desk.type("从江上");
  desk.type("起来");
  expect(desk.saving.status).toBe("unsaved");
  await browser.later(1000);
  expect(desk.saving.status).toBe("saved");
  expect(server.chapter(id)).toMatchObject({ text: "渡口\n雾从江上起来", revision: 2, title: "渡口" });
  expect(server.asked.filter((one) => one.startsWith("PATCH") && one.endsWith("/text"))).toHaveLength(1);
  expect(server.asked.filter((one) => one.startsWith("PUT"))).toEqual([]);
  expect(browser.told).toHaveBeenCalledWith({ chapter: id, revision: 2 });
  expect(browser.memory.length).toBe(0);
});

test("who types without a pause is saved all the same", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  for (let key = 0; key < 12; key++) {
    desk.type("字");
    await browser.later(500);
  }
  expect(server.chapter(id).revision).toBeGreaterThan(1);
});

test("what is typed while a save is on its way is saved after it", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  server.delay = 300;
  void desk.saving.save();
  await browser.later(100);
  desk.type("丙");
  await browser.later(300);
  expect(server.chapter(id).text).toBe("甲乙");
  expect(desk.saving.status).toBe("unsaved");
  await browser.later(2000);
  expect(server.chapter(id).text).toBe("甲乙丙");
  expect(desk.saving.status).toBe("saved");
});

test("a save does not touch the history of undo", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  await browser.later(1000);
  undo(desk.view!);
  expect(desk.text).toBe("甲");
  await browser.later(1000);
  expect(server.chapter(id).text).toBe("甲");
});

test("while the server is away edits wait, and arrive when it is back", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.gone = true;
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("offline");
  desk.type("丙");
  await browser.later(60_000);
  expect(server.chapter(id).text).toBe("甲");
  server.gone = false;
  desk.saving.retry();
  await browser.later(10);
  expect(server.chapter(id).text).toBe("甲乙丙");
  expect(desk.saving.status).toBe("saved");
  expect(browser.memory.length).toBe(0);
});

test("a save whose answer was lost is no conflict with what was typed after it", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  server.answerless = true;
  await browser.later(1000);
  expect(server.chapter(id).text).toBe("甲乙");
  expect(desk.saving.status).toBe("offline");
  desk.type("丙");
  server.answerless = false;
  await browser.later(5000);
  expect(desk.saving.status).toBe("saved");
  expect(server.chapter(id).text).toBe("甲乙丙");
});

test("a server that cannot just now is asked again", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.refuses = { status: 503, code: "unavailable" };
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("busy");
  server.refuses = null;
  await browser.later(2000);
  expect(desk.saving.status).toBe("saved");
});

test("a text that is refused stays, is kept here, and is tried again when it was changed", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.refuses = { status: 413, code: "too_long" };
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving).toMatchObject({ status: "refused", refusal: { code: "too_long" } });
  expect(browser.memory.length).toBe(1);
  server.refuses = null;
  desk.type("丙");
  await browser.later(1000);
  expect(desk.saving).toMatchObject({ status: "saved", refusal: null });
});

test("where the ink is refused the text is saved without it", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.refusesSpans = true;
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("saved");
  expect(server.chapter(id)).toMatchObject({ text: "甲乙", spans: null });
});

test("a title that could not be saved is saved later", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.refusesTitles = true;
  desk.type("乙");
  await browser.later(1000);
  expect(desk.saving.status).toBe("saved");
  expect(server.chapter(id)).toMatchObject({ text: "甲乙", title: "" });
  server.refusesTitles = false;
  await browser.later(3000);
  expect(server.chapter(id).title).toBe("甲乙");
});
