import type { Column } from '@tidemill/contract';
import { quoteName } from '../../base/sql-text.ts';

/** A column that both sides have. */
export interface CommonColumn {
  readonly name: string;
  readonly before: Column['type'];
  readonly after: Column['type'];
  /** The DuckDB type in which both are compared, so that equal values are equal; empty where both have one. */
  readonly as: string;
}

export interface SchemaDiff {
  readonly columnsAdded: string[];
  readonly columnsRemoved: string[];
  readonly columnsRetyped: { name: string; before: string; after: string }[];
  readonly common: readonly CommonColumn[];
}

export function compareColumns(before: readonly Column[], after: readonly Column[]): SchemaDiff {
  const afterTypes = new Map(after.map(({ name, type }) => [name, type]));
  const beforeNames = new Set(before.map(({ name }) => name));
  const common = before.flatMap(({ name, type }): CommonColumn[] => {
    const other = afterTypes.get(name);
    return other ? [{ name, before: type, after: other, as: commonType(type, other) }] : [];
  });
  return {
    columnsAdded: after.filter(({ name }) => !beforeNames.has(name)).map(({ name }) => name),
    columnsRemoved: before.filter(({ name }) => !afterTypes.has(name)).map(({ name }) => name),
    columnsRetyped: common
      .filter((column) => column.before !== column.after)
      .map((column) => ({ name: column.name, before: column.before, after: column.after })),
    common,
  };
}

const wider: readonly { readonly types: readonly Column['type'][]; readonly as: string }[] = [
  { types: ['integer', 'double'], as: 'double' },
  { types: ['date', 'timestamp'], as: 'timestamp' },
];

function commonType(before: Column['type'], after: Column['type']): string {
  if (before === after) return '';
  return wider.find(({ types }) => types.includes(before) && types.includes(after))?.as ?? 'varchar';
}

/** The value of a column, of the table `side`, in the type both sides are compared in. */
export function sideValue(side: string, { name, as }: CommonColumn): string {
  const value = `${side}.${quoteName(name)}`;
  return as === '' ? value : `cast(${value} as ${as})`;
}
