import { errors } from '../../base/errors.ts';
import { wordMeantAsColumn } from '../../base/sql-words.ts';

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** What DuckDB's `json_serialize_sql` says of a text. */
interface Serialized {
  readonly error: boolean;
  readonly error_message?: string;
  /** Counted in code points. */
  readonly position?: number | string;
  readonly statements?: readonly unknown[];
}

/**
 * The tables a select reads, in lower case, from DuckDB's own syntax tree: names of common table expressions are not
 * tables, except where one reads the table it is named after.
 * @throws featureSqlInvalid unless the text is one select over plain names
 */
export function tablesIn(what: string, sql: string, serialized: string): string[] {
  const parsed = JSON.parse(serialized) as Serialized;
  if (parsed.error) throw errors.featureSqlInvalid({ what, reason: reasonOf(sql, parsed) });
  const statements = parsed.statements ?? [];
  if (statements.length !== 1)
    throw errors.featureSqlInvalid({ what, reason: `it holds ${statements.length} statements` });
  const found = new Set<string>();
  collect(statements[0], new Set(), found, what);
  return [...found].sort();
}

/** DuckDB says of anything but a select how it would have been written down, which helps nobody. */
function reasonOf(sql: string, { error_message: message = 'it is not SQL', position }: Serialized): string {
  if (message.startsWith('Only SELECT statements')) return 'it is no SELECT';
  const word = position === undefined ? null : wordMeantAsColumn(sql, Number(position));
  return word === null
    ? message
    : `${message}; '${word}' is a word of SQL: where it names a column, write it in double quotes, "${word}"`;
}

function collect(value: unknown, scope: ReadonlySet<string>, found: Set<string>, what: string): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, scope, found, what);
    return;
  }
  if (!isTree(value)) return;
  if (value.type === 'BASE_TABLE') addTable(value, scope, found, what);
  const inner = withOwnName(value, scope);
  const visible = collectCtes(value, inner, found, what);
  for (const [key, child] of Object.entries(value))
    if (key !== 'cte_map') collect(child, visible, found, what);
}

function addTable(node: Tree, scope: ReadonlySet<string>, found: Set<string>, what: string): void {
  const name = String(node.table_name).toLowerCase();
  const qualifier = [node.catalog_name, node.schema_name].filter((part) => part !== '').join('.');
  if (qualifier !== '')
    throw errors.featureSqlInvalid({
      what,
      reason: `'${qualifier}.${name}' has a dot; write a dataset's name in double quotes if it holds one`,
    });
  if (!scope.has(name)) found.add(name);
}

/** A recursive expression may read itself. */
function withOwnName(node: Tree, scope: ReadonlySet<string>): ReadonlySet<string> {
  const own = node.type === 'RECURSIVE_CTE_NODE' ? (node.cte_name ?? node.ctename) : undefined;
  return typeof own === 'string' ? new Set([...scope, own.toLowerCase()]) : scope;
}

/** Each expression of a `with` sees those before it; the body sees all. */
function collectCtes(
  node: Tree,
  scope: ReadonlySet<string>,
  found: Set<string>,
  what: string,
): ReadonlySet<string> {
  const entries = isTree(node.cte_map) && Array.isArray(node.cte_map.map) ? node.cte_map.map : [];
  const visible = new Set(scope);
  for (const entry of entries) {
    if (!isTree(entry)) continue;
    collect(entry.value, visible, found, what);
    visible.add(String(entry.key).toLowerCase());
  }
  return visible;
}
