/** The language of the page: from the address, else as last chosen, else the browser's, else English. */

import { fill, type Values } from './fill';
import { ageOf } from './format';
import { TEXTS, type Key } from './i18n';
import type { Names } from './types';

export const LANGUAGES = { en: 'English', ja: '日本語', ko: '한국어' } as const;
export type Language = keyof typeof LANGUAGES;

const PARAMETER = 'lang';
const REMEMBERED = 'trilat-language';

const known = (name: string | null | undefined): Language | null =>
  name && Object.hasOwn(TEXTS, name) ? (name as Language) : null;

// A browser may forbid storage; the address then still says the language.
function remembered(): string | null {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(language: Language): void {
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // Not remembered; nothing else is lost.
  }
}

class Choice {
  language = $state<Language>('en');

  /** Takes the language that the address, the last visit or the browser asks for. */
  begin(): void {
    const asked = known(new URLSearchParams(location.search).get(PARAMETER));
    const browser = navigator.languages.map((tag) => known(tag.slice(0, 2))).find(Boolean);
    this.choose(asked ?? known(remembered()) ?? browser ?? 'en');
  }

  choose(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
    const address = new URL(location.href);
    address.searchParams.set(PARAMETER, language);
    history.replaceState(null, '', address);
    remember(language);
  }
}

export const choice = new Choice();

/** A text of the page in the language chosen. */
export const text = (key: Key, values?: Values): string => fill(TEXTS[choice.language][key], values);

/** How old something is. */
export function ageText(seconds: number): string {
  const { key, count } = ageOf(seconds);
  return text(key, { count });
}

export const hasWord = (group: string, code: string): boolean => Object.hasOwn(TEXTS.en, `${group}.${code}`);

/** A code in words, such as `reason` and `no-clause`; one that has no words yet is shown as it is. */
export function word(group: string, code: string): string {
  return hasWord(group, code) ? text(`${group}.${code}` as Key) : code;
}

/** A name that comes in all languages, in the one chosen. */
export const named = (names: Names): string => names[choice.language];

/** A list in the way of the language. */
export const listed = (parts: readonly string[]): string =>
  parts.join(choice.language === 'ja' ? '、' : ', ');
