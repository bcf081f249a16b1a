// Every sentence of the page comes from the Fluent files of the `messages` crate, by typed keys.
import { FluentBundle, FluentResource } from '@fluent/bundle';
import type { Attributes, Messages } from '../api/generated/messages';
import { locale } from '../platform';

const sources = import.meta.glob<string>(
  ['../../../src-tauri/crates/messages/*/*.ftl', '!**/{cli,desktop,documents,letter}*.ftl'],
  { query: '?raw', import: 'default', eager: true },
);

const accents: Record<string, string> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  A: 'Á',
  E: 'É',
  I: 'Í',
  O: 'Ó',
  U: 'Ú',
};

/** The pseudo-locale `en-XA`: accented and a third longer, so that raw text and tight layouts show. */
export const pseudo = (text: string): string =>
  text.replace(/[aeiou]/gi, (letter) => `${accents[letter]}`).replace(/\p{L}{5,}/gu, '$&~~');

function load(): FluentBundle {
  const { tag, pseudo: accented } = locale();
  const language = tag.split('-')[0] ?? 'en';
  const bundle = new FluentBundle(language, accented ? { transform: pseudo } : {});
  // Messages that the language's files lack stay English.
  for (const folder of new Set(['en', language]))
    for (const [path, source] of Object.entries(sources))
      if (path.includes(`/${folder}/`))
        bundle.addResource(new FluentResource(source), { allowOverrides: true });
  return bundle;
}

const bundle = load();

type Given<K extends keyof Messages> =
  [Messages[K]] | (Record<never, never> extends Messages[K] ? [] : never);

function format(
  pattern: Parameters<FluentBundle['formatPattern']>[0],
  key: string,
  given?: object,
) {
  const values = given as Record<string, string | number> | undefined;
  // An empty value is as good as none: if the sentence has a place for it, that is an error.
  const filled = Object.entries(values ?? {}).filter(([, value]) => value !== '');
  const errors: Error[] = [];
  const text = bundle.formatPattern(pattern, Object.fromEntries(filled), errors);
  if (errors.length === 0) return text;
  report(`${key}: ${errors.join('; ')}`);
  return bundle.formatPattern(pattern, values);
}

/**
 * Reports a sentence that lacks a value, which is a bug: unit tests, which have no document, fail; the window's tests
 * look for the mark in the page.
 */
function report(hole: string): void {
  if (typeof document === 'undefined') throw new Error(hole);
  console.error(hole);
  document.documentElement.dataset.messageHole = hole;
}

/** The text of a message. */
export function t<K extends keyof Messages>(key: K, ...[given]: Given<K>): string {
  const pattern = bundle.getMessage(key)?.value;
  if (!pattern) throw new Error(`missing: ${key}`);
  return format(pattern, key, given);
}

/** The text of an attribute, such as `.next-window`. */
export function attribute<K extends keyof Attributes>(
  key: K,
  name: Attributes[K],
  given?: object,
): string {
  const pattern = bundle.getMessage(key)?.attributes[name];
  if (!pattern) throw new Error(`missing: ${key}.${name}`);
  return format(pattern, key, given);
}

/** True if the Fluent files have this message. */
export const known = (key: string): key is keyof Messages => bundle.hasMessage(key);

/** A code without its underscores: `plan_changed` is “Plan changed”. */
export function readable(code: string): string {
  const text = code.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The message of a code in a family whose messages have variables; null for a code without one. */
export function family(prefix: string, code: string, given: object): string | null {
  const pattern = bundle.getMessage(`${prefix}-${code}`)?.value;
  return pattern ? format(pattern, `${prefix}-${code}`, given) : null;
}

/** The message of a code, without variables. A code of a later version has none and is shown readable. */
export function named(prefix: string, code: string): string {
  const pattern = bundle.getMessage(`${prefix}-${code}`)?.value;
  return pattern ? format(pattern, code) : readable(code);
}
