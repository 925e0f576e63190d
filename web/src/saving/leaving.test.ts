import { undo } from "@codemirror/commands";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inkSpans } from "../page/ink";
import { Drafts } from "./drafts";
import { Browser } from "./fake-desk";
import { FakeServer } from "./fake-server";
import { sendLeftBehind } from "./left-behind";

let browser: Browser;

beforeEach(() => {
  browser = new Browser();
});

afterEach(() => browser.close());

test("closing a chapter saves it first", async () => {
  const { server } = browser;
  const [first, second] = [server.create("甲"), server.create("一")];
  const desk = browser.page();
  await desk.open(first.id);
  desk.type("乙");
  await desk.open(second.id);
  expect(server.chapter(first.id).text).toBe("甲乙");
  desk.type("二");
  await browser.later(1000);
  expect(server.chapter(second.id).text).toBe("一二");
});

test("closing a chapter whose save is on its way loses nothing where that fails", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  server.delay = 300;
  server.gone = true;
  void desk.saving.save();
  const closed = desk.saving.closing();
  await browser.later(2000);
  await closed;
  expect([...browser.memory.kept.values()].join()).toContain("甲乙");
});

test("what was not saved when the page was closed is there when it is opened again", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.gone = true;
  desk.type("乙");
  desk.saving.leave();
  await browser.later(10);
  server.gone = false;
  const again = browser.page("two");
  await again.open(id);
  expect(again.text).toBe("甲乙");
  await browser.later(100);
  expect(server.chapter(id).text).toBe("甲乙");
  expect(browser.memory.length).toBe(0);
});

test("what was on its way when the page was closed is no conflict when it is opened again", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  server.answerless = true;
  void desk.saving.save();
  desk.type("丙");
  desk.saving.leave();
  await browser.later(10);
  server.answerless = false;
  const again = browser.page("two");
  await again.open(id);
  await browser.later(100);
  expect(again.saving.status).toBe("saved");
  expect(server.chapter(id).text).toBe("甲乙丙");
});

test("a draft of a chapter of another server is left alone", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.gone = true;
  desk.type("乙");
  desk.saving.leave();
  await browser.later(10);
  browser.reach(new FakeServer("2001-01-01T00:00:00Z"));
  browser.server.create("他书");
  const again = browser.page("two");
  await again.open(id);
  expect(again.text).toBe("他书");
  expect(browser.memory.length).toBe(1);
});

test("a page that is still open keeps its draft to itself", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  server.gone = true;
  desk.type("乙");
  await browser.later(1000);
  server.gone = false;
  const other = browser.page("two", ["one"]);
  await other.open(id);
  expect(other.text).toBe("甲");
});

test("what another page has saved is taken up where nothing was typed, without a trace in the history", async () => {
  const { server } = browser;
  const { id } = server.create("甲乙");
  const desk = browser.page();
  await desk.open(id);
  desk.type("丙");
  await browser.later(1000);
  const { revision } = server.change(id, "甲丁乙丙", [{ from: 1, to: 2, ink: "dry" }]);
  await desk.saving.freshen({ chapter: id, revision });
  expect(desk.text).toBe("甲丁乙丙");
  expect(inkSpans(desk.view!.state)).toEqual([{ from: 1, to: 2, ink: "dry" }]);
  expect(desk.saving.status).toBe("saved");
  undo(desk.view!);
  expect(desk.text).toBe("甲丁乙");
  await browser.later(1000);
  expect(server.chapter(id).text).toBe("甲丁乙");
});

test("what another page has saved does not touch what was typed here", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  desk.type("乙");
  const { revision } = server.change(id, "别处");
  await desk.saving.freshen({ chapter: id, revision });
  expect(desk.text).toBe("甲乙");
});

test("the page may be left without a question unless there is no room for a draft", async () => {
  const { server } = browser;
  const { id } = server.create("甲");
  const desk = browser.page();
  await desk.open(id);
  expect(desk.saving.wouldLose()).toBe(false);
  server.gone = true;
  desk.type("乙");
  expect(desk.saving.wouldLose()).toBe(false);
  browser.memory.full = true;
  expect(desk.saving.wouldLose()).toBe(true);
});

test("what was begun on an empty desk outlives the page although there is no server", async () => {
  const desk = browser.page();
  desk.show("");
  desk.type("第一句");
  await browser.later(1000);
  const again = browser.page("two");
  expect((await again.saving.recallUnnamed())?.text).toBe("第一句");
});

test("what was left behind of a chapter is sent though another one is open, unless it was changed elsewhere", async () => {
  const { server } = browser;
  const [first, second] = [server.create("甲"), server.create("一")];
  const desk = browser.page();
  for (const { id } of [first, second]) {
    await desk.open(id);
    server.gone = true;
    desk.type("乙");
    await desk.saving.closing();
    server.gone = false;
  }
  server.change(second.id, "别处");
  await sendLeftBehind(new Drafts(browser.memory, "two"), () => false);
  expect(server.chapter(first.id).text).toBe("甲乙");
  expect(server.chapter(second.id).text).toBe("别处");
  expect(browser.memory.length).toBe(1);
});
