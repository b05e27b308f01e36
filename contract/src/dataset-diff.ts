/** What changed between two versions of a dataset: row by row, and column by column. */
import { type Static, type TSchema, Type } from 'typebox';
import { literals, nullable, Row } from './common.ts';

export const DatasetDiff = Type.Object({
  from: Type.String(),
  to: Type.String(),
  key: Type.Array(Type.String()),
  rowsBefore: Type.Integer(),
  rowsAfter: Type.Integer(),
  columnsAdded: Type.Array(Type.String()),
  columnsRemoved: Type.Array(Type.String()),
  columnsRetyped: Type.Array(
    Type.Object({ name: Type.String(), before: Type.String(), after: Type.String() }),
  ),
  added: Type.Integer(),
  removed: Type.Integer(),
  changed: Type.Integer(),
  sample: Type.Object({
    added: Type.Array(Row),
    removed: Type.Array(Row),
    changed: Type.Array(Type.Object({ key: Row, before: Row, after: Row })),
  }),
});
export type DatasetDiff = Static<typeof DatasetDiff>;

export const ChangeKind = literals('added', 'removed', 'changed');
export type ChangeKind = Static<typeof ChangeKind>;

export const DiffRow = Type.Object({
  kind: ChangeKind,
  key: Row,
  before: nullable(Row),
  after: nullable(Row),
  changed: Type.Array(Type.String(), { description: 'columns whose values differ, of a changed row' }),
});
export type DiffRow = Static<typeof DiffRow>;

const Cells = Type.Array(nullable(Type.Union([Type.Number(), Type.String(), Type.Boolean()])));
const bothSides = <T extends TSchema>(value: T) => Type.Object({ before: value, after: value });

export const ColumnChange = Type.Object({
  column: Type.String(),
  type: Type.String(),
  changedRows: Type.Integer({ description: 'changed rows in which this column differs' }),
  distribution: nullable(
    Type.Object(
      {
        nulls: bothSides(Type.Integer()),
        mean: nullable(bothSides(nullable(Type.Number()))),
        quantiles: nullable(Type.Object({ levels: Type.Array(Type.Number()), before: Cells, after: Cells })),
        psi: nullable(
          Type.Number({ description: 'population stability index, tenths of the older version as bins' }),
        ),
        distance: nullable(
          Type.Number({
            description:
              '0 to 1: Kolmogorov-Smirnov statistic, or total variation of values that have no order',
          }),
        ),
        measure: literals('ks', 'total-variation'),
        approximate: Type.Boolean({ description: 'quantiles, psi and distance come from a sample' }),
      },
      { description: 'null where nothing differs, and for tables of more than 200 columns' },
    ),
  ),
});
export type ColumnChange = Static<typeof ColumnChange>;

export const diffQuery = {
  from: Type.String({
    description: 'a version: 2, latest, a tag, {2023-08-31}; or of another dataset: prices-cleaned@1',
  }),
  to: Type.String(),
  key: Type.Optional(
    Type.String({
      description:
        'comma-separated columns that name a row; left out: those the dataset was set to; empty: whole rows are compared',
    }),
  ),
};
