/** What users write in a language of its own (patterns, date formats, SQL) is tried before it is kept. */
import type { Expectation } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { inBrackets } from './row-conditions.ts';
import { conditionProblem, selectProblem } from './user-sql.ts';

type Engine = Pick<Analytics, 'query' | 'sandboxedQuery'>;

/** @throws expectationInvalid naming the first that cannot be used */
export async function assertSqlRuns(
  analytics: Engine,
  dataset: string,
  expectations: readonly Expectation[],
  table: TableSource | null,
): Promise<void> {
  for (const [index, expectation] of expectations.entries()) {
    const reason = await problemOf(analytics, dataset, expectation, table);
    if (reason) throw errors.expectationInvalid({ dataset, index, kind: expectation.kind, reason });
  }
}

async function problemOf(
  analytics: Engine,
  dataset: string,
  expectation: Expectation,
  table: TableSource | null,
): Promise<string | null> {
  if ('pattern' in expectation) {
    const problem = await failureOf(analytics.query(constant(`regexp_matches('', $1)`, expectation.pattern)));
    if (problem) return `its pattern is no regular expression (RE2): ${problem}`;
  }
  if (expectation.kind === 'dateParseable' && expectation.format !== undefined) {
    const problem = await failureOf(analytics.query(constant(`try_strptime('', $1)`, expectation.format)));
    if (problem) return `its format is no strptime format: ${problem}`;
  }
  if ('where' in expectation && expectation.where !== undefined)
    return whereProblem(analytics, expectation.where, table);
  return expectation.kind === 'sql' ? sqlProblem(analytics, dataset, expectation.sql, table) : null;
}

const constant = (call: string, value: string) => ({ sql: `select ${call} as v`, parameters: [value] });

async function whereProblem(
  analytics: Engine,
  where: string,
  table: TableSource | null,
): Promise<string | null> {
  const problem = await conditionProblem(analytics, where);
  if (problem) return `its where is no SQL condition: ${problem}`;
  if (!table) return null;
  const sql = `select count(*) filter (where ${inBrackets(where)}) as n from (select * from rows_ limit 0)`;
  const failure = await failureOf(analytics.sandboxedQuery({ sql, tables: { rows_: table } }));
  return failure && `its where cannot be used: ${failure}`;
}

async function sqlProblem(
  analytics: Engine,
  dataset: string,
  sql: string,
  table: TableSource | null,
): Promise<string | null> {
  const problem = await selectProblem(analytics, sql);
  if (problem) return `its sql is no select: ${problem}`;
  if (!table) return null;
  const failure = await failureOf(
    analytics.sandboxedQuery({ sql, tables: { [dataset]: table }, maxRows: 1 }),
  );
  return failure && `its sql cannot be used: ${failure}`;
}

/** What the user can mend, or null; failures of ours pass through. */
async function failureOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof TidemillError) || error.status >= 500) throw error;
    const { reason } = error.details;
    return typeof reason === 'string' ? reason : error.message;
  }
}
