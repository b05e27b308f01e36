/** How the columns of a PostgreSQL query are written so that each arrives as one of our six types. */
import type { ColumnType } from '@tidemill/contract';
import type { FieldDef } from 'pg';
import { escapeIdentifier } from 'pg';

export interface QueryColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Select-list expression over the query, which is called `q`. */
  readonly expression: string;
  /** How it is compared with a cursor's value; null where its order is not the one we would see. */
  readonly comparable: string | null;
}

/** `pg_type.typcategory` of what is no scalar: arrays, composites, pseudo-types such as record. */
const nestedCategories = ['A', 'C', 'P'];

type Kind = readonly [type: ColumnType, cast: (column: string) => string, comparable: boolean];
const plain = (column: string): string => column;
const kinds: Readonly<Record<number, Kind>> = {
  16: ['boolean', (c) => `${c}::text`, false],
  20: ['integer', plain, true],
  21: ['integer', plain, true],
  23: ['integer', plain, true],
  26: ['integer', (c) => `${c}::bigint`, true],
  700: ['double', plain, true],
  701: ['double', plain, true],
  // Through a double its greatest value would be rounded, and a row lost or read twice.
  790: ['double', (c) => `${c}::numeric::float8`, false],
  1700: ['double', (c) => `${c}::float8`, false],
  1082: ['date', plain, true],
  1114: ['timestamp', plain, true],
  1184: ['timestamp', plain, true],
  2950: ['text', (c) => `${c}::text`, true],
};
const texts = [18, 19, 25, 1042, 1043];

export function toQueryColumns(
  fields: readonly FieldDef[],
  categories: ReadonlyMap<number, string>,
): QueryColumn[] {
  return fields.map(({ name, dataTypeID }) => {
    const column = `q.${escapeIdentifier(name)}`;
    const as = (expression: string) => `${expression} as ${escapeIdentifier(name)}`;
    const known = kinds[dataTypeID];
    if (known) {
      const [type, cast, comparable] = known;
      return { name, type, expression: as(cast(column)), comparable: comparable ? column : null };
    }
    // Our order of texts is that of their bytes.
    const isText = texts.includes(dataTypeID);
    const isNested = nestedCategories.includes(categories.get(dataTypeID) ?? '');
    const expression = isNested ? `to_json(${column})::text` : `${column}::text`;
    return {
      name,
      type: 'text',
      expression: as(expression),
      comparable: isText ? `${column} collate "C"` : null,
    };
  });
}
