/** What a model may be called and what may be written on it: MLflow's limits, so that a registry can be moved there and back. */
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { isModelName } from '../../base/references.ts';

const longestKey = 250;
const longestValue = 100_000;
const longestDescription = 100_000;
const keyCharacters = /^[/\p{L}\p{M}\p{N}_.\- :]+$/u;
const aliasCharacters = /^[\p{L}\p{M}\p{N}_.-]{1,255}$/u;

/** @throws modelNameInvalid */
export function assertModelName(name: string): void {
  if (!isModelName(name)) throw errors.modelNameInvalid({ name: name.slice(0, 256) });
}

/** @throws aliasInvalid */
export function assertAlias(alias: string): void {
  if (!aliasCharacters.test(alias)) throw errors.aliasInvalid({ alias: alias.slice(0, 255) });
}

/** @throws trackingValueInvalid */
export function assertTags(tags: readonly KeyValue[]): void {
  for (const tag of tags) {
    assertKey(tag.key);
    assertText(`the value of tag '${tag.key}'`, tag.value, longestValue);
  }
}

export const assertDescription = (text: string): void => assertText('description', text, longestDescription);

/** A key given twice means what was said last. */
export const lastByKey = (tags: readonly KeyValue[]): KeyValue[] =>
  [...new Map(tags.map((tag) => [tag.key, tag.value]))].map(([key, value]) => ({ key, value }));

export function assertText(where: string, text: string, limit: number): void {
  if (text.length > limit && [...text].length > limit)
    throw invalid(where, `it is longer than ${limit} characters`);
  // PostgreSQL keeps no NUL in a text, and half a surrogate pair is no character.
  if (text.includes('\0') || !text.isWellFormed()) throw invalid(where, 'it holds what is no character');
}

export function assertKey(key: string): void {
  if (key.length > longestKey) throw invalid('key', `it is longer than ${longestKey} characters`);
  if (!keyCharacters.test(key))
    throw invalid('key', `'${key}' may hold letters, digits and / _ . - : and spaces, and not be empty`);
  const isPath = key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPath || key.startsWith('..'))
    throw invalid('key', `'${key}' must be a plain relative name, without //, ./ or ../`);
}

const invalid = (where: string, reason: string) => errors.trackingValueInvalid({ where, reason });
