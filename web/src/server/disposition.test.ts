import { expect, test } from "vitest";
import { fileNameOf } from "./disposition";

test("a name in Chinese is preferred to the plain one", () => {
  const header = `attachment; filename="story-3.txt"; filename*=UTF-8''%E9%95%BF%E5%A4%9C%E8%A1%8C.txt`;
  expect(fileNameOf(header)).toBe("长夜行.txt");
});

test("where the name in Chinese is broken or missing, the plain one is left", () => {
  expect(fileNameOf(`attachment; filename="story-3.txt"; filename*=UTF-8''%E9%`)).toBe("story-3.txt");
  expect(fileNameOf('attachment; filename="story-3.txt"')).toBe("story-3.txt");
  expect(fileNameOf("attachment")).toBeNull();
});
