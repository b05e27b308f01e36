import type { Column, TrainingSetDefinition } from '@tidemill/contract';
import type { SealedEngine } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';
import { type GivenSelect, namedColumns } from './given-select.ts';
import { countLabelledSql, labelledRowsSql } from './label-join.ts';
import { namingSql } from './sql-failure.ts';
import { labelColumnsOf, labelOf, type TakenView } from './training-set-rules.ts';

export interface Counts {
  readonly entities: number;
  readonly rows: number;
  readonly excluded: { readonly labelKnownLater: number; readonly labelMissing: number };
}

interface LabelledRequest {
  readonly definition: TrainingSetDefinition;
  readonly asOf: number | null;
  readonly views: readonly TakenView[];
}

/** Leaves of the engine's table `_rows` those whose label is known. @throws trainingSetInvalid where none is left */
export async function joinLabel(
  engine: SealedEngine,
  { definition, asOf, views }: LabelledRequest,
  given: GivenSelect | null,
  entityColumns: readonly Column[],
): Promise<Counts> {
  const entities = await countRows(engine, '_rows');
  let counts: Counts = { entities, rows: entities, excluded: { labelKnownLater: 0, labelMissing: 0 } };
  if (given) {
    const what = labelOf(definition.name);
    const label = await namingSql(what, () => engine.select(given.sql));
    const columns = labelColumnsOf(definition, label.columns, entityColumns, views);
    await namingSql(what, () => engine.run(`create temp table _label as ${namedColumns(label)}`));
    const { rows } = await engine.query(countLabelledSql(columns));
    const labelled = Number(rows[0]?.n);
    await engine.run(`create temp table _labelled as ${labelledRowsSql(columns, asOf)}`);
    const kept = await countRows(engine, '_labelled');
    const excluded = { labelKnownLater: labelled - kept, labelMissing: entities - labelled };
    counts = { entities, rows: kept, excluded };
    for (const done of ['_rows', '_label']) await engine.run(`drop table ${done}`);
    await engine.run('alter table _labelled rename to _rows');
  }
  if (counts.rows > 0) return counts;
  throw errors.trainingSetInvalid({ name: definition.name, reason: emptyReason(counts) });
}

const countRows = async (engine: SealedEngine, table: string): Promise<number> =>
  Number((await engine.query(`select count(*) as n from ${quoteName(table)}`)).rows[0]?.n);

function emptyReason({ entities, excluded }: Counts): string {
  if (entities === 0) return 'the entities are no rows';
  return `none of its ${entities} entity rows has a known label (${excluded.labelKnownLater} known only after asOf, ${excluded.labelMissing} without one)`;
}
