import { candidates, lore, settings, shortcuts, sight } from "./zh/companion";
import { frame } from "./zh/frame";
import { page, search } from "./zh/page";
import { saving } from "./zh/saving";
import { shelf } from "./zh/shelf";
import { why } from "./zh/why";

/** Every word that the desk shows, in Chinese. A part of it may be a function of numbers and names. */
export const zh = {
  product: "墨续",
  language: "中文",
  shelf,
  frame,
  page,
  saving,
  companion: {
    title: "伴读",
    candidates: "续写",
    sight: "所见",
    lore: "设定",
    why: "选词",
    settings: "参数",
  },
  candidates,
  sight,
  lore,
  why,
  settings,
  shortcuts,
  search,
};

/** The shape of all words: another language has each of them. */
export type Words = typeof zh;
