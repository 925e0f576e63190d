import { expect, test } from "vitest";
import { aliasesOf, lineOfAliases } from "./aliases";

test("aliases are separated by commas and semicolons of any width", () => {
  expect(aliasesOf("阿砚、船家，摆渡的;老人；Yan, 砚叔")).toEqual(["阿砚", "船家", "摆渡的", "老人", "Yan", "砚叔"]);
});

test("each alias counts once, and what is between two separators may be nothing", () => {
  expect(aliasesOf(" 阿砚 、、阿砚，")).toEqual(["阿砚"]);
  expect(aliasesOf("  ")).toEqual([]);
});

test("an alias may hold blanks", () => {
  expect(aliasesOf("Old Yan，砚叔")).toEqual(["Old Yan", "砚叔"]);
});

test("a line of aliases is read as the aliases that it was made of", () => {
  expect(aliasesOf(lineOfAliases(["阿砚", "船家"]))).toEqual(["阿砚", "船家"]);
});
