/** Who a row is about, by key columns and their values as text. How a value is spelled depends on where it is kept. */
import { quoteName, quoteText } from './sql-text.ts';

export type SubjectKey = Readonly<Record<string, string>>;

interface TypedColumn {
  readonly name: string;
  readonly type: string;
}

const isNumber = (text: string): boolean => /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);

/** As SQL of the type, null where no value of it is spelled so: '41.6' is no integer, and must not become 42. */
function literalOf(text: string, type: string): string | null {
  if (type === 'text') return quoteText(text);
  if (type === 'integer') return /^-?\d+$/.test(text) ? `try_cast(${quoteText(text)} as bigint)` : null;
  if (type === 'double') return isNumber(text) ? `try_cast(${quoteText(text)} as double)` : null;
  if (type === 'boolean') return text === 'true' || text === 'false' ? text : null;
  if (type === 'date') return /^\d{4}-\d\d-\d\d$/.test(text) ? `try_cast(${quoteText(text)} as date)` : null;
  return `try_cast(${quoteText(text)} as timestamp)`;
}

export const hasColumns = (columns: readonly { readonly name: string }[], key: SubjectKey): boolean =>
  Object.keys(key).every((name) => columns.some((column) => column.name === name));

/** True of the subject's rows and false of all others, null keys too; null for a table that lacks a column. */
export function subjectSql(columns: readonly TypedColumn[], key: SubjectKey): string | null {
  const parts: string[] = [];
  for (const [name, text] of Object.entries(key)) {
    const column = columns.find((each) => each.name === name);
    if (!column) return null;
    const literal = literalOf(text, column.type);
    parts.push(literal === null ? 'false' : `${quoteName(name)} = ${literal}`);
  }
  return `coalesce(${parts.join(' and ')}, false)`;
}

/** The same for JSON: `parts` are SQL expressions of JSON values, by column; null where one is missing. */
export function subjectJsonSql(parts: ReadonlyMap<string, string>, key: SubjectKey): string | null {
  const conditions: string[] = [];
  for (const [name, text] of Object.entries(key)) {
    const part = parts.get(name);
    if (part === undefined) return null;
    const value = `(${part} ->> '$')`;
    const isNumeric = `json_type(${part}) in ('BIGINT', 'UBIGINT', 'DOUBLE')`;
    const isSame = `${value} = ${quoteText(text)}`;
    conditions.push(
      isNumber(text)
        ? `(${isSame} or (${isNumeric} and try_cast(${value} as double) = ${Number(text)}))`
        : isSame,
    );
  }
  return `coalesce(${conditions.join(' and ')}, false)`;
}

/** Of an entity as the online store spells it: a JSON array in the order of its columns. */
export function isOfSubject(entity: readonly string[], spelled: string, key: SubjectKey): boolean {
  const values = Object.keys(key).length === 0 ? null : spelledValues(spelled);
  return (
    values !== null &&
    Object.entries(key).every(([name, text]) => {
      const value = values[entity.indexOf(name)];
      return value !== undefined && isSame(value, text);
    })
  );
}

interface Spelled {
  readonly text: string;
  readonly isNumber: boolean;
}

const isSame = (value: Spelled, text: string): boolean =>
  value.text === text ||
  (value.isNumber &&
    isNumber(text) &&
    Number.isSafeInteger(Number(text)) &&
    Number(value.text) === Number(text));

/** Numbers by their digits: beyond 2^53 two of them would be one. */
function spelledValues(spelled: string): Spelled[] | null {
  const parse = JSON.parse as (
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
  try {
    const values = parse(spelled, (_name, value, { source }) => {
      if (typeof value === 'number') return { text: source ?? String(value), isNumber: true };
      return Array.isArray(value) ? value : { text: String(value), isNumber: false };
    });
    return Array.isArray(values) ? (values as Spelled[]) : null;
  } catch {
    return null;
  }
}
