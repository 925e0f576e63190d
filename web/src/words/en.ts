import { candidates, lore, settings, shortcuts, sight } from "./en/companion";
import { frame } from "./en/frame";
import { page, search } from "./en/page";
import { saving } from "./en/saving";
import { shelf } from "./en/shelf";
import { why } from "./en/why";
import type { Words } from "./zh";

/** Every word that the desk shows, in English. */
export const en: Words = {
  product: "moxu",
  language: "English",
  shelf,
  frame,
  page,
  saving,
  companion: {
    title: "Companion",
    candidates: "Continue",
    sight: "In view",
    lore: "Lore",
    why: "Words",
    settings: "Settings",
  },
  candidates,
  sight,
  lore,
  why,
  settings,
  shortcuts,
  search,
};
