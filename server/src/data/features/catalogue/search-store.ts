import { sql } from 'kysely';
import { type Db, parseJson } from '../../../adapters/db/db.ts';
import type { ShownEntry } from './definition.ts';

/** Rank, title, kind, name, feature: the order in which entries are found. */
export type SearchPlace = readonly [rank: number, title: string, kind: string, name: string, feature: string];

interface Search {
  readonly workspace: string;
  /** In lower case; each must be there. */
  readonly words: readonly string[];
  readonly kind: string | undefined;
  readonly after: SearchPlace | undefined;
  readonly limit: number;
}

const escaped = (word: string): string => word.replaceAll(/[\\%_]/g, '\\$&');

/**
 * A title that is the question comes first, then one that begins so, then one that holds it, then the rest: single
 * features after what they belong to.
 */
function rankOf(words: readonly string[]) {
  const phrase = words.join(' ');
  const rest = sql<number>`case when kind = 'feature' then 4 else 3 end`;
  if (phrase === '') return rest;
  const like = escaped(phrase);
  return sql<number>`case when title = ${phrase} then 0 when title like ${`${like}%`} escape '\\' then 1
    when title like ${`%${like}%`} escape '\\' then 2 else ${rest} end`;
}

export const searchStore = (db: Db) => ({
  async find({
    workspace,
    words,
    kind,
    after,
    limit,
  }: Search): Promise<{ place: SearchPlace; entry: ShownEntry }[]> {
    const rank = rankOf(words);
    let query = db
      .selectFrom('feature_catalogue')
      .select([rank.as('rank'), 'title', 'kind', 'name', 'feature', 'entry'])
      .where('workspace', '=', workspace);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    for (const word of words)
      query = query.where(sql<boolean>`words like ${`%${escaped(word)}%`} escape '\\'`);
    if (after) {
      const [before, title, ofKind, name, feature] = after;
      query = query.where(
        sql<boolean>`(${rank}, title, kind, name, feature) > (${before}, ${title}, ${ofKind}, ${name}, ${feature})`,
      );
    }
    const rows = await query
      .orderBy('rank')
      .orderBy('title')
      .orderBy('kind')
      .orderBy('name')
      .orderBy('feature')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      place: [Number(row.rank), row.title, row.kind, row.name, row.feature],
      entry: parseJson(row.entry),
    }));
  },
});
