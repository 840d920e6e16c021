// The composer's words by language, and days as each language writes them.
import type { Lang } from "../words.ts";
import { en, type Text } from "./text_en.ts";
import { ko } from "./text_ko.ts";
import { zh } from "./text_zh.ts";

export type { Text };
export const TEXTS: Record<Lang, Text> = { ko, en, zh };
export const NAMES: Record<Lang, string> = { ko: "한국어", en: "English", zh: "中文" };

/** The page's language, as its html element says. */
export const pageLang = (): Lang => {
  const tag = document.documentElement.lang.slice(0, 2);
  return tag === "ko" || tag === "zh" ? tag : "en";
};

/** A UTC day, in words. */
export const dayText = (day: number, lang: Lang): string =>
  new Intl.DateTimeFormat(lang, { dateStyle: "long", timeZone: "UTC" }).format(day * 86400000);
