import type { DatasetVersion } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { isName, parseReference } from '../../base/references.ts';
import type { Lookup } from './lookup.ts';
import { tablesIn } from './sql-tables.ts';

export type Bindings = Readonly<Record<string, string>>;

/** A user's select together with the files it may read. */
export interface BoundSql {
  readonly sql: string;
  readonly tables: Readonly<Record<string, TableSource>>;
  readonly versions: readonly DatasetVersion[];
  /** Dataset names it reads, pinned or not. */
  readonly names: readonly string[];
}

/** Turns table names of user SQL into dataset versions, each name into the same version everywhere. */
export interface Binder {
  bind(what: string, sql: string): Promise<BoundSql>;
  /** Versions of the names that were left open: `{ prices: 'prices@3' }`. @throws bindingInvalid for a name nobody read */
  resolved(): Record<string, string>;
}

/** What a text reads depends on the text alone; a view is materialised again and again. */
const tablesOfText = new Map<string, readonly string[]>();
const maximumTexts = 500;

export function createBinder(
  deps: {
    readonly analytics: Analytics;
    readonly datasets: Pick<Lookup, 'resolve' | 'source'>;
    /** Tables that are no datasets, such as `endpoint:forecast`; null where the name is none of these. */
    readonly otherTable?: (name: string) => Promise<TableSource | null>;
  },
  workspace: string,
  bindings: Bindings = {},
): Binder {
  const { analytics, datasets } = deps;
  const open = new Map<string, DatasetVersion>();
  /** Asked for once, also by selects bound at the same time: `latest` may move in between. */
  const asked = new Map<string, Promise<DatasetVersion>>();

  async function tableNames(what: string, sql: string): Promise<readonly string[]> {
    const known = tablesOfText.get(sql);
    if (known) return known;
    const { rows } = await analytics.query({
      sql: 'select cast(json_serialize_sql(cast($1 as varchar)) as varchar) as tree',
      parameters: [sql],
    });
    const names = tablesIn(what, sql, String(rows[0]?.tree));
    if (tablesOfText.size >= maximumTexts) tablesOfText.clear();
    tablesOfText.set(sql, names);
    return names;
  }

  /** `prices` follows the bindings, `prices@3` is what it says. */
  async function versionOf(what: string, table: string): Promise<DatasetVersion> {
    const { name, version } = readTableName(what, table);
    if (version !== undefined) return datasets.resolve(table, workspace);
    const answer = asked.get(name) ?? datasets.resolve(referenceOf(name, bindings[name]), workspace);
    asked.set(name, answer);
    const found = await answer;
    open.set(name, found);
    return found;
  }

  return {
    async bind(what, sql) {
      const tables: Record<string, TableSource> = {};
      const versions: DatasetVersion[] = [];
      const names = new Set<string>();
      for (const table of await tableNames(what, sql)) {
        const other = await deps.otherTable?.(table);
        if (other) {
          tables[table] = other;
          continue;
        }
        const version = await versionOf(what, table);
        tables[table] = await datasets.source(version);
        versions.push(version);
        names.add(readTableName(what, table).name);
      }
      return { sql, tables, versions, names: [...names].sort() };
    },
    resolved() {
      for (const name of Object.keys(bindings))
        if (!open.has(name)) {
          const read = [...open.keys()].join(', ') || 'none without a version';
          throw errors.bindingInvalid({
            name,
            reason: `the SQL reads no dataset of that name (it reads ${read})`,
          });
        }
      return Object.fromEntries([...open].map(([name, version]) => [name, version.reference]));
    },
  };
}

function readTableName(what: string, table: string): { name: string; version: string | undefined } {
  const bare = table.split('@')[0] ?? table;
  if (!isName(bare))
    throw errors.featureSqlInvalid({ what, reason: `'${table}' is not the name of a dataset` });
  return table.includes('@') ? parseReference(table) : { name: bare, version: undefined };
}

/** A binding is a version of the name (`3`, `latest`, a tag) or another reference (`prices-control@1`). */
function referenceOf(name: string, binding: string | undefined): string {
  if (binding === undefined) return `${name}@latest`;
  return binding.includes('@') || binding.includes(':') ? binding : `${name}@${binding}`;
}
