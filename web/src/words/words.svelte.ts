/** The language of the desk: Chinese unless the browser, or the author, prefers English. */
import { en } from "./en";
import { zh, type Words } from "./zh";

export type Language = "zh" | "en";

const LANGUAGES: Record<Language, Words> = { zh, en };
const KEPT = "moxu.language";

class Speech {
  language = $state<Language>(preferred());
  /** The words of the language; what reads them is drawn again when it changes. */
  readonly words: Words = $derived(LANGUAGES[this.language]);

  speak(language: Language): void {
    this.language = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }
}

function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.languages.some((one) => one.toLowerCase().startsWith("zh"))
    ? "zh"
    : navigator.language.startsWith("en")
      ? "en"
      : "zh";
}

export const speech = new Speech();
