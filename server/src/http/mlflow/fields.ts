/** Reading of MLflow's requests, as forgiving as its own server: unknown fields are ignored, integers may be text. */
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';

/** A parsed body, a query, or an object within one. */
export type Fields = Readonly<Record<string, unknown>>;

/** What is no object counts as empty, so that its required fields are reported missing. */
export const toFields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** Clients have sent JSON within a JSON string. */
export function parseBody(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return toFields(typeof value === 'string' ? JSON.parse(value) : value);
  } catch {
    return {};
  }
}

export function findText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw invalid(name, 'it must be a text');
}

/** An empty text counts as missing. */
export function getText(fields: Fields, name: string): string {
  const value = findText(fields, name);
  if (value === undefined || value === '') throw errors.requestFieldMissing({ field: name });
  return value;
}

export function findInteger(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  const isDecimal = typeof value === 'string' && /^[+-]?\d{1,20}(?:\.0*)?$/.test(value);
  const number = isDecimal ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw invalid(name, 'it must be a whole number below 2^53');
}

export function getInteger(fields: Fields, name: string): number {
  const value = findInteger(fields, name);
  if (value === undefined) throw errors.requestFieldMissing({ field: name });
  return value;
}

/** Also `"NaN"`, `"Infinity"` and `"-Infinity"`, as JSON itself has no words for them. */
export function getDouble(fields: Fields, name: string): number {
  const value = fields[name];
  if (value === undefined || value === null || value === '')
    throw errors.requestFieldMissing({ field: name });
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && (value === 'NaN' || !Number.isNaN(Number(value)))) return Number(value);
  throw invalid(name, 'it must be a number');
}

export function findBoolean(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(name, 'it must be true or false');
}

/** By name or by number; what is neither is as if it had not been sent. */
export function findEnum<T extends string>(fields: Fields, name: string, words: readonly T[]): T | undefined {
  const value = fields[name];
  if (typeof value === 'number') return words[value - 1];
  return words.find((word) => word === value);
}

/** One repeated query parameter or a JSON list; a single value is a list of one. */
export function listValues(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export const listTexts = (fields: Fields, name: string): string[] =>
  listValues(fields, name).map((value, index) =>
    getText({ [`${name}[${index}]`]: value }, `${name}[${index}]`),
  );

/** Objects of a list, each with its place for messages. */
export const listFields = (fields: Fields, name: string): Fields[] => listValues(fields, name).map(toFields);

export const getTag = (fields: Fields): KeyValue => ({
  key: getText(fields, 'key'),
  value: findText(fields, 'value') ?? '',
});

/** The reference shortens what is too long instead of refusing it, and clients rely on that. */
export function shorten(item: KeyValue, limit: number): KeyValue {
  if (item.value.length <= limit) return item;
  return { key: item.key, value: [...item.value].slice(0, limit).join('') };
}

/** A page's size within MLflow's limits. */
export function toPageSize(size: number, most: number): number {
  if (size >= 1 && size <= most) return size;
  throw invalid('max_results', `it must be from 1 to ${most}`);
}

export const invalid = (where: string, reason: string) => errors.trackingValueInvalid({ where, reason });
