import type { Analytics } from '../../adapters/analytics/analytics.ts';

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Names of functions of which no overload looks at more than one row, or gives something else the next time. */
const plainFunctions = new WeakMap<Analytics, Promise<ReadonlySet<string>>>();

function readPlainFunctions(analytics: Analytics): Promise<ReadonlySet<string>> {
  const known = plainFunctions.get(analytics);
  if (known) return known;
  const sql = `select function_name as name from duckdb_functions() group by function_name
    having bool_and(function_type = 'scalar' and coalesce(stability, '') = 'CONSISTENT')`;
  const asked = analytics.query({ sql }).then(({ rows }) => new Set(rows.map(({ name }) => String(name))));
  plainFunctions.set(analytics, asked);
  asked.catch(() => plainFunctions.delete(analytics));
  return asked;
}

/**
 * Whether each row of the select comes from one row of one table: then it gives the same rows on any number of threads.
 * Sums of doubles, unordered windows and the like depend on the order in which threads finish.
 */
export async function isRowWise(analytics: Analytics, sql: string): Promise<boolean> {
  const { rows } = await analytics.query({
    sql: 'select cast(json_serialize_sql(cast($1 as varchar)) as varchar) as tree',
    parameters: [sql],
  });
  const parsed: unknown = JSON.parse(String(rows[0]?.tree));
  if (!isTree(parsed) || parsed.error !== false) return false;
  return isPlain(parsed.statements, await readPlainFunctions(analytics));
}

function isPlain(value: unknown, functions: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.every((each) => isPlain(each, functions));
  if (!isTree(value)) return true;
  if (isManyRows(value)) return false;
  if (value.class === 'FUNCTION' && !functions.has(String(value.function_name))) return false;
  return Object.values(value).every((child) => isPlain(child, functions));
}

const tables = new Set<unknown>(['BASE_TABLE', 'SUBQUERY']);
const isFilled = (value: unknown): boolean => value != null && (!Array.isArray(value) || value.length > 0);

/** What sees, orders, counts or leaves out rows by other rows. */
function isManyRows(node: Tree): boolean {
  if (Array.isArray(node.modifiers) && node.modifiers.length > 0) return true;
  if (isTree(node.from_table) && !tables.has(node.from_table.type)) return true;
  if ('aggregate_handling' in node && node.aggregate_handling !== 'STANDARD_HANDLING') return true;
  if (node.class === 'WINDOW' || node.class === 'SUBQUERY') return true;
  return ['group_expressions', 'having', 'qualify', 'sample'].some((part) => isFilled(node[part]));
}
