/** How the online store keeps a view's values: a JSON array in the order of the view's features. */
import type { Column, FeatureView } from '@tidemill/contract';
import { durationMs } from '../../../base/duration.ts';
import { quoteName } from '../../../base/sql-text.ts';

/** Text of a view's values; what JSON cannot say is null, and a whole number sent as a text keeps all its digits. */
export const packValues = (features: readonly Column[], values: Readonly<Record<string, unknown>>): string =>
  `[${features.map(({ name, type }) => spell(values[name] ?? null, type)).join(',')}]`;

/** A whole double has its `.0`, as DuckDB writes it: to clients in other languages it is no integer. */
function spell(value: unknown, type: Column['type']): string {
  if (type === 'integer' && typeof value === 'string') return String(BigInt(value));
  const text = JSON.stringify(value);
  return type === 'double' && typeof value === 'number' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** An earlier release kept an object. */
export function unpackValues(features: readonly Pick<Column, 'name'>[], text: string): unknown[] {
  const held = JSON.parse(text) as unknown[] | Record<string, unknown>;
  return Array.isArray(held) ? held : features.map(({ name }) => held[name] ?? null);
}

/** ISO 8601 with milliseconds, or microseconds where there are any, as everywhere in our replies. */
const isoSql = (column: string): string =>
  `case when epoch_us(${column}) % 1000 = 0 then strftime(${column}, '"%Y-%m-%dT%H:%M:%S.%gZ"')
    else strftime(${column}, '"%Y-%m-%dT%H:%M:%S.%fZ"') end`;

const valueSql = ({ name, type }: Column): string => elementSql(quoteName(name), type);

/** A value as JSON, null for what JSON cannot say. */
export function elementSql(column: string, type: Column['type']): string {
  switch (type) {
    case 'double':
      return `case when isfinite(${column}) then cast(${column} as varchar) end`;
    case 'text':
      return `cast(to_json(${column}) as varchar)`;
    case 'date':
      return `strftime(${column}, '"%Y-%m-%d"')`;
    case 'timestamp':
      return isoSql(column);
    default:
      return `cast(${column} as varchar)`;
  }
}

/** The same text in SQL; one call, as a chain of operators for each feature is deeper than the engine goes. */
export const packedSql = (features: readonly Column[]): string =>
  `'[' || concat_ws(',', ${features.map((feature) => `coalesce(${valueSql(feature)}, 'null')`).join(', ')}) || ']'`;

/** The view's name in the online store, which knows neither workspaces nor versions. */
export const onlineName = ({ workspace, reference }: Pick<FeatureView, 'workspace' | 'reference'>): string =>
  `${workspace}/${reference}`;

const dayMs = 86_400_000;

/** How old values may be, in milliseconds; null for any age. */
export const ttlMsOf = ({ ttl }: Pick<FeatureView, 'ttl'>): number | null =>
  ttl === null ? null : durationMs(ttl);

/** Long after nobody may use them any more the store may forget values, so that entities that are gone leave no rows. */
export function keepMsOf(view: Pick<FeatureView, 'ttl'>): number | undefined {
  const ttl = ttlMsOf(view);
  return ttl === null ? undefined : Math.ceil(Math.max(2 * ttl, 30 * dayMs));
}
