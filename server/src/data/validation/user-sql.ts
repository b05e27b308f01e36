/** The SQL that users write: conditions on a row, and selects whose rows are violations. */
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { inBrackets } from './row-conditions.ts';

interface Serialized {
  readonly error: boolean;
  readonly error_message?: string;
  readonly statements?: readonly { readonly node?: SelectNode }[];
}

interface SelectNode {
  readonly type: string;
  readonly modifiers?: readonly unknown[];
  readonly cte_map?: { readonly map: readonly unknown[] };
  readonly select_list?: readonly { readonly alias?: string; readonly type?: string }[];
  readonly from_table?: { readonly type: string };
  readonly where_clause?: unknown;
  readonly group_expressions?: readonly unknown[];
  readonly having?: unknown;
  readonly qualify?: unknown;
  readonly sample?: unknown;
}

type Parser = Pick<Analytics, 'query'>;

/** By DuckDB's own parser; nothing runs. */
async function parse(analytics: Parser, sql: string): Promise<Serialized> {
  const { rows } = await analytics.query({
    sql: 'select json_serialize_sql(cast($1 as varchar)) as tree',
    parameters: [sql],
  });
  return JSON.parse(String(rows[0]?.tree)) as Serialized;
}

/**
 * Why a text is not one SQL condition, or null. It must be so alone and in brackets: `true) or (true` is a condition
 * only in brackets, `true;` only without.
 */
export async function conditionProblem(analytics: Parser, where: string): Promise<string | null> {
  for (const sql of [`select ${where}`, `select ${inBrackets(where)}`]) {
    const parsed = await parse(analytics, sql);
    if (parsed.error) return parsed.error_message ?? 'it is not SQL';
    const node = parsed.statements?.length === 1 ? parsed.statements[0]?.node : undefined;
    if (!node || !isOneExpression(node)) return 'it is not one condition';
  }
  return null;
}

function isOneExpression(node: SelectNode): boolean {
  const [item, ...more] = node.select_list ?? [];
  return (
    node.type === 'SELECT_NODE' &&
    item !== undefined &&
    more.length === 0 &&
    !item.alias &&
    item.type !== 'STAR' &&
    node.from_table?.type === 'EMPTY' &&
    !node.where_clause &&
    !node.having &&
    !node.qualify &&
    !node.sample &&
    !node.group_expressions?.length &&
    !node.modifiers?.length &&
    !node.cte_map?.map.length
  );
}

/** Why a text is not one select, or null. */
export async function selectProblem(analytics: Parser, sql: string): Promise<string | null> {
  for (const text of [sql, countSql(sql)]) {
    const parsed = await parse(analytics, text);
    if (parsed.error) return parsed.error_message ?? 'it is not SQL';
    if (parsed.statements?.length !== 1) return `it holds ${parsed.statements?.length ?? 0} statements`;
  }
  return null;
}

/** For a text that `selectProblem` found nothing wrong with. */
export const countSql = (sql: string): string => `select count(*) as n from (${sql}\n)`;
