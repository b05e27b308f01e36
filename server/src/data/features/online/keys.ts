/**
 * How the online store spells an entity: a JSON array of its keys in the order of the key columns. It is written here for
 * requests and in SQL for whole views, and both must give the same text.
 */
import type { ColumnType, Row } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import { isDay, parseMicroseconds, timeExample } from './instants.ts';
import { isInt64, shownValue } from './shown-value.ts';

export interface KeyColumn {
  readonly name: string;
  /** Null where nobody has said it. */
  readonly type: ColumnType | null;
}

/** DuckDB writes escaped control characters with capital hex digits, JSON.stringify with small ones. */
export function spellText(text: string): string {
  const json = JSON.stringify(text);
  if (!json.includes('\\u00')) return json;
  return json.replace(/\\(?:\\|u(00[01][a-f]))/g, (whole, hex?: string) =>
    hex === undefined ? whole : `\\u${hex.toUpperCase()}`,
  );
}

/** Whole numbers as such, others by their shortest digits in DuckDB's form, which differs from JavaScript's far from 1. */
export function spellDouble(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  const text = value.toExponential();
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  if (exponent >= -4 && exponent < 16) return Number.isInteger(value) ? `${value}.0` : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** What is wrong with a value that can be no key of this column. */
type Spelled = { readonly text: string } | { readonly problem: string };

function spell(value: unknown, type: ColumnType | null): Spelled {
  if (type === null || type === 'double') return spellAny(value, type);
  if (type === 'integer') return spellInteger(value);
  if (type === 'boolean')
    return typeof value === 'boolean' ? { text: String(value) } : { problem: 'true or false' };
  if (typeof value !== 'string') return { problem: type === 'text' ? 'a text' : `${type} as a text` };
  if (type === 'text') return { text: spellText(value) };
  return type === 'date' ? spellDate(value) : spellTimestamp(value);
}

function spellAny(value: unknown, type: 'double' | null): Spelled {
  if (typeof value === 'number' && Number.isFinite(value)) return { text: spellDouble(value) };
  if (type === null && typeof value === 'string') return { text: spellText(value) };
  if (type === null && typeof value === 'boolean') return { text: String(value) };
  return { problem: type === null ? 'a text, number or boolean' : 'a number' };
}

function spellInteger(value: unknown): Spelled {
  if (typeof value === 'string' && isInt64(value)) return { text: String(BigInt(value)) };
  if (typeof value === 'number' && Number.isSafeInteger(value))
    return { text: String(value === 0 ? 0 : value) };
  return { problem: 'a whole number; beyond 9007199254740991 send it as a text' };
}

function spellDate(value: string): Spelled {
  return isDay(value) ? { text: `"${value}"` } : { problem: 'a date such as 2023-08-31' };
}

/** Microseconds; a time without a zone is UTC. */
function spellTimestamp(value: string): Spelled {
  const time = parseMicroseconds(value);
  return time === null ? { problem: timeExample } : { text: String(time) };
}

/** `index`: where the record stands in its request. @throws entityKeyMissing, entityKeyInvalid */
export function onlineKey(keys: readonly KeyColumn[], record: Row, index = 0): string {
  let text = '[';
  for (const { name, type } of keys) {
    const value = record[name];
    if (value === undefined || value === null) throw errors.entityKeyMissing({ record: index, column: name });
    const spelled = spell(value, type);
    if ('problem' in spelled)
      throw errors.entityKeyInvalid({
        record: index,
        column: name,
        value: shownValue(value),
        expected: spelled.problem,
      });
    text += text === '[' ? spelled.text : `,${spelled.text}`;
  }
  return `${text}]`;
}

function keyPartSql({ name, type }: KeyColumn): string {
  const column = quoteName(name);
  switch (type) {
    case 'double':
      return `case when ${column} = trunc(${column}) and abs(${column}) <= 9007199254740991
        then cast(cast(${column} as bigint) as varchar) else cast(${column} as varchar) end`;
    case 'date':
      return `'"' || strftime(${column}, '%Y-%m-%d') || '"'`;
    case 'timestamp':
      return `cast(epoch_us(${column}) as varchar)`;
    case 'text':
      return `cast(to_json(${column}) as varchar)`;
    default:
      return `cast(${column} as varchar)`;
  }
}

/** The same in SQL; null where a key is. */
export const onlineKeySql = (keys: readonly KeyColumn[]): string =>
  `'[' || ${keys.map((key) => `(${keyPartSql(key)})`).join(" || ',' || ")} || ']'`;
