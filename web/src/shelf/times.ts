/** Times as the desk tells them, in its language. */
import type { Language } from "../words/words.svelte";

const LOCALES: Record<Language, string> = { zh: "zh-CN", en: "en" };

export const clock = (time: Date, language: Language): string =>
  time.toLocaleTimeString(LOCALES[language], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const day = (time: Date, language: Language): string =>
  time.toLocaleDateString(LOCALES[language], { year: "numeric", month: "long", day: "numeric" });

/** Return a day and the time of the day. */
export const moment = (time: Date, language: Language): string => `${day(time, language)} ${clock(time, language)}`;
