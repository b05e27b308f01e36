import type { KeyKind } from '@tidemill/contract';
import { sql } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';

const tables: Readonly<Record<KeyKind, string>> = {
  metric: 'run_metrics',
  parameter: 'run_parameters',
  tag: 'run_tags',
};

/** However many runs there are and however much each logged, the question stays one of a moment. */
const newestRuns = 500;
const mostEntries = 200_000;

interface KeySearch {
  readonly workspace: string;
  readonly experimentId: number;
  readonly kind: KeyKind;
  readonly search: string;
  readonly limit: number;
}

export const keyStore = (db: Db) => ({
  /** Read from the indices on (run, key) alone. */
  async list({ workspace, experimentId, kind, search, limit }: KeySearch): Promise<string[]> {
    const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
    const found = await sql<{ key: string }>`
      select distinct key from (
        select entry.key
        from (
          select id from runs where workspace = ${workspace} and experiment_id = ${experimentId}
          order by started_at desc, id desc limit ${newestRuns}
        ) as newest
        join ${sql.table(tables[kind])} as entry on entry.run_id = newest.id
        limit ${mostEntries}
      ) as entries
      where lower(key) like ${pattern} escape '\\'
      order by key limit ${limit}`.execute(db);
    return found.rows.map(({ key }) => key);
  },
});
