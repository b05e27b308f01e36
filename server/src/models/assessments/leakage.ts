/** Rows of the test that the model may have learned from, and features that know what they should not. */
import type { Leakage, RowOverlap } from '@tidemill/contract';
import type { Cell } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';
import { measurePowers } from './feature-power.ts';
import { ask, comparable, isTime, listOf, type Pair, typeIn } from './tables.ts';

export interface LeakageQuestion {
  /** The inputs of the model, and what else may tell the label. */
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  readonly target: string | null;
  readonly timeColumn: string | null;
  readonly featureTimes: readonly string[];
  readonly labelTime: string | null;
  readonly threshold: number;
}

const shownRows = 5;
const shownColumns = 20;
const share = (rows: number, of: number): number => (of === 0 ? 0 : rows / of);

export async function findLeakage(pair: Pair, question: LeakageQuestion): Promise<Leakage> {
  const { train, other } = pair;
  const { columns, key, target, timeColumn, threshold } = question;
  const powers = target === null ? [] : await measurePowers(pair, columns, target, threshold);
  return {
    train: train.reference,
    test: other.reference,
    trainRows: train.rows,
    testRows: other.rows,
    duplicates: await overlapOf(pair, columns),
    entities: key && (await overlapOf(pair, key)),
    order: timeColumn === null ? null : await orderOf(pair, timeColumn),
    powers,
    threshold,
    later: await laterOf(pair, question),
  };
}

/** Rows of the test that equal a row of the train in these columns: by a hash of the train, exact, the test streamed by. */
async function overlapOf(pair: Pair, columns: readonly string[]): Promise<RowOverlap> {
  const keys = columns.map((column, i) => `${comparable(pair, column)} as k${i}`);
  const isSame = columns.map((_, i) => `t.k${i} is not distinct from s.k${i}`).join(' and ');
  const values = columns.slice(0, shownColumns).map((column, i) => `${quoteName(column)} as v${i}`);
  const met = `with seen as (select distinct ${listOf(keys)} from train),
    asked as (select row_number() over () as place, ${listOf([...keys, ...values])} from other),
    met as (select * from asked t semi join seen s on (${isSame}))`;
  const { rows: counted } = await ask(pair, `${met} select count(*) as n from met`);
  const rows = Number(counted[0]?.n ?? 0);
  const shown =
    rows === 0 ? [] : (await ask(pair, `${met} select * from met order by place limit ${shownRows}`)).rows;
  return {
    columns: [...columns],
    rows,
    share: share(rows, pair.other.rows),
    examples: shown.map((row) => exampleOf(row, columns)),
  };
}

/** By the number of the row, from 1. */
const exampleOf = (
  row: Readonly<Record<string, Cell>>,
  columns: readonly string[],
): Record<string, Cell> => ({
  row: Number(row.place),
  ...Object.fromEntries(columns.slice(0, shownColumns).map((column, i) => [column, row[`v${i}`] ?? null])),
});

async function orderOf(pair: Pair, column: string): Promise<Leakage['order']> {
  const time = comparable(pair, column);
  const { rows } = await ask(
    pair,
    `with newest as (select max(${time}) as newest_time from train)
     select cast((select newest_time from newest) as varchar) as newest, cast(min(${time}) as varchar) as oldest,
       count(*) filter (${time} <= (select newest_time from newest)) as n from other`,
  );
  const n = Number(rows[0]?.n ?? 0);
  return {
    column,
    newestTrain: String(rows[0]?.newest ?? ''),
    oldestTest: String(rows[0]?.oldest ?? ''),
    rows: n,
    share: share(n, pair.other.rows),
  };
}

async function laterOf(pair: Pair, { featureTimes, labelTime }: LeakageQuestion): Promise<Leakage['later']> {
  if (labelTime === null) return [];
  const found: Leakage['later'] = [];
  for (const column of featureTimes) {
    const [feature, label] = [column, labelTime].map((name) =>
      isTime(typeIn(pair.train, name)) ? `cast(${quoteName(name)} as timestamp)` : quoteName(name),
    );
    const from = `from (select row_number() over () as place, ${feature} as v0, ${label} as v1 from train) where v0 >= v1`;
    const n = Number((await ask(pair, `select count(*) as n ${from}`)).rows[0]?.n ?? 0);
    const { rows } = await ask(pair, `select * ${from} order by place limit ${shownRows}`);
    const examples = rows.map((row) => exampleOf(row, [column, labelTime]));
    found.push({ column, labelTime, rows: n, share: share(n, pair.train.rows), examples });
  }
  return found;
}
