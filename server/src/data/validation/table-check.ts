import type { Column, Expectation, ExpectationOutcome } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { TidemillError } from '../../base/errors.ts';
import {
  type Check,
  type CheckContext,
  type CountsCheck,
  type FactsCheck,
  toCheck,
  type Verdict,
} from './checks.ts';
import { createCounts } from './row-counts.ts';
import { isMostly, misfit } from './rules.ts';
import { type Failing, headsOf, type Select, sampleRows, sampleSize, shortened } from './sample-rows.ts';
import { titleOf } from './titles.ts';
import { countSql } from './user-sql.ts';

/** A user's SQL may never end, and a commit waits for it. */
const userSqlMs = 120_000;
/** Planning time grows with the square of what one select computes. */
const factsAtOnce = 96;

export interface TableCheck extends CheckContext {
  /** What the user's SQL calls the table. */
  readonly name: string;
  readonly table: TableSource;
  /** Held against another version's rows, which are known to the caller. */
  readonly judgeDistribution: (
    expectation: Extract<Expectation, { kind: 'distribution' }>,
  ) => Promise<Verdict>;
}

interface Found extends Verdict {
  readonly sample?: ExpectationOutcome['sample'];
}
interface Item<C extends Check = Check> {
  readonly index: number;
  readonly expectation: Expectation;
  readonly check: C;
}

/**
 * Holds expectations against a table in few passes: the aggregates of all of them together, those that need a grouping
 * or an order each beside the others, and two more passes for sample rows where something is not as expected. What
 * contains a user's SQL runs in the sandbox.
 */
export async function checkTable(
  analytics: Pick<Analytics, 'query' | 'sandboxedQuery'>,
  expectations: readonly Expectation[],
  context: TableCheck,
): Promise<ExpectationOutcome[]> {
  const tables = { rows_: context.table };
  const trusted: Select = async (sql) => (await analytics.query({ sql, tables })).rows;
  const sealed: Select = async (sql) =>
    (await analytics.sandboxedQuery({ sql, tables, signal: AbortSignal.timeout(userSqlMs) })).rows;
  const found = new Map<number, Found>();
  const items: Item[] = [];
  for (const [index, expectation] of expectations.entries()) {
    const reason = misfit(expectation, context.columns);
    const settled = reason ? { passed: false, reason } : bySchema(expectation, context.columns);
    const check = settled ? null : toCheck(expectation, context);
    if (settled) found.set(index, settled);
    else if (check) items.push({ index, expectation, check });
  }
  const usesSql = ({ expectation }: Item) => 'where' in expectation && expectation.where !== undefined;
  const rest = [...expectations.entries()].filter(
    ([, { kind }]) => kind === 'sql' || kind === 'distribution',
  );
  await Promise.all([
    runTogether(
      trusted,
      items.filter((item) => !usesSql(item)),
      context.columns,
      found,
    ),
    runTogether(sealed, items.filter(usesSql), context.columns, found),
    ...rest.map(async ([index, expectation]) => {
      if (!found.has(index)) found.set(index, await judgeAlone(analytics, expectation, context));
    }),
  ]);
  return expectations.map((expectation, index) => toOutcome(expectation, index, found.get(index)));
}

function toOutcome(expectation: Expectation, index: number, found: Found | undefined): ExpectationOutcome {
  const {
    passed,
    observed = null,
    reason = null,
    rows = null,
    unexpected = null,
    sample = [],
  } = found ?? {
    passed: false,
    reason: 'it was not judged',
  };
  const share = rows === null || unexpected === null ? null : rows === 0 ? 0 : unexpected / rows;
  const { kind, severity = 'error' } = expectation;
  return {
    index,
    kind,
    title: titleOf(expectation),
    severity,
    passed,
    observed,
    reason,
    rows,
    unexpected,
    share,
    sample,
  };
}

/** What the columns alone decide; null for everything else. */
function bySchema(expectation: Expectation, columns: readonly Column[]): Verdict | null {
  if (expectation.kind === 'ofType') {
    const type = columns.find(({ name }) => name === expectation.column)?.type ?? null;
    return { passed: type === expectation.type, observed: type };
  }
  if (expectation.kind !== 'columnSet') return null;
  const { match = 'exactly', columns: wanted } = expectation;
  const there = columns.map(({ name }) => name);
  const missing = wanted.filter((name) => !there.includes(name));
  const extra = match === 'contains' ? [] : there.filter((name) => !wanted.includes(name));
  const problems = [
    ...missing.map((name) => `'${name}' is missing`),
    ...extra.map((name) => `'${name}' is not expected`),
    ...(match === 'ordered' &&
    missing.length + extra.length === 0 &&
    there.some((name, i) => name !== wanted[i])
      ? [`the order is ${there.join(', ')}`]
      : []),
  ];
  return { passed: problems.length === 0, reason: problems.join(', ') || null };
}

async function judgeAlone(
  analytics: Pick<Analytics, 'sandboxedQuery'>,
  expectation: Expectation,
  context: TableCheck,
): Promise<Found> {
  try {
    if (expectation.kind === 'distribution') return await context.judgeDistribution(expectation);
    return expectation.kind === 'sql' ? await judgeSql(analytics, expectation, context) : { passed: false };
  } catch (error) {
    return unjudged(error);
  }
}

/** Each row of the user's select is a violation. */
async function judgeSql(
  analytics: Pick<Analytics, 'sandboxedQuery'>,
  { sql, mostly }: Extract<Expectation, { kind: 'sql' }>,
  { name, table }: TableCheck,
): Promise<Found> {
  const tables = { [name]: table };
  const signal = AbortSignal.timeout(userSqlMs);
  const [counted, total, first] = await Promise.all([
    analytics.sandboxedQuery({ sql: countSql(sql), tables, signal }),
    analytics.sandboxedQuery({ sql: 'select count(*) as n from rows_', tables: { rows_: table } }),
    analytics.sandboxedQuery({ sql, tables, signal, maxRows: sampleSize }),
  ]);
  const unexpected = Number(counted.rows[0]?.n);
  const rows = Number(total.rows[0]?.n);
  const heads = headsOf(first.columns);
  const sample = first.rows.map((row) => ({
    row: null,
    values: Object.fromEntries(heads.map((head) => [head, shortened(row[head] ?? null)])),
  }));
  // A select may return more rows than the table has.
  const passed = mostly === undefined ? unexpected === 0 : isMostly(rows, unexpected, mostly);
  return { passed, rows, unexpected, sample };
}

/** The user's mistakes, and rows that SQL cannot be run on, fail the expectation; failures of ours fail the whole. */
function unjudged(error: unknown): Found {
  if (!(error instanceof TidemillError) || error.status >= 500) throw error;
  const { reason } = error.details;
  return {
    passed: false,
    reason: `it could not be judged: ${typeof reason === 'string' ? reason : error.message}`,
  };
}

async function runTogether(
  select: Select,
  items: readonly Item[],
  columns: readonly Column[],
  found: Map<number, Found>,
): Promise<void> {
  if (items.length === 0) return;
  try {
    await run(select, items, columns, found);
  } catch (error) {
    // One expectation that cannot be judged must not take the others with it.
    if (!(error instanceof TidemillError) || error.status >= 500) throw error;
    // What took too long together would take longer one by one.
    if (items.length === 1 || error.code === 'queryCancelled')
      for (const { index } of items) found.set(index, unjudged(error));
    else for (const item of items) await runTogether(select, [item], columns, found);
  }
}

async function run(
  select: Select,
  items: readonly Item[],
  columns: readonly Column[],
  found: Map<number, Found>,
): Promise<void> {
  const byFacts = items.filter((item): item is Item<FactsCheck> => item.check.by === 'facts');
  const byCounts = items.filter((item): item is Item<CountsCheck> => item.check.by === 'counts');
  const verdicts = new Map<number, Verdict>();
  await Promise.all([judgeFacts(select, byFacts, verdicts), judgeCounts(select, byCounts, verdicts)]);
  const failing: Failing[] = items.flatMap((item) => {
    const { rows = 0, unexpected = 0 } = verdicts.get(item.index) ?? {};
    return unexpected > 0 ? [{ ...item, rows, unexpected }] : [];
  });
  const samples = failing.length > 0 ? await sampleRows(select, failing, columns) : new Map();
  for (const [index, verdict] of verdicts) found.set(index, { ...verdict, sample: samples.get(index) ?? [] });
}

async function judgeFacts(
  select: Select,
  items: readonly Item<FactsCheck>[],
  verdicts: Map<number, Verdict>,
): Promise<void> {
  const all = [...new Set(items.flatMap(({ check }) => check.facts))];
  const values = new Map<string, Cell>();
  for (let start = 0; start < all.length; start += factsAtOnce) {
    const slice = all.slice(start, start + factsAtOnce);
    const [row] = await select(`select ${slice.map((fact, i) => `${fact} as f${i}`).join(', ')} from rows_`);
    for (const [i, fact] of slice.entries()) values.set(fact, row?.[`f${i}`] ?? null);
  }
  for (const { index, check } of items)
    verdicts.set(index, check.judge(check.facts.map((fact) => values.get(fact) ?? null)));
}

async function judgeCounts(
  select: Select,
  items: readonly Item<CountsCheck>[],
  verdicts: Map<number, Verdict>,
): Promise<void> {
  const counts = createCounts(select);
  await Promise.all(
    items.map(async ({ index, check }) => verdicts.set(index, check.judge(await counts.of(check)))),
  );
}
