import type { Split } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import { formatReference } from '../../base/references.ts';
import type { SplitRule } from './split-rules.ts';

export interface NewSplit extends Omit<Split, 'of'> {
  readonly workspace: string;
  readonly dataset: string;
  readonly version: number;
}

export const splitStore = (db: Db) => ({
  async list(workspace: string, dataset: string, version: number): Promise<Split[]> {
    const rows = await db
      .selectFrom('dataset_splits')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('dataset', '=', dataset)
      .where('number', '=', version)
      .orderBy('name')
      .execute();
    return rows.map((row) => ({
      of: formatReference(row.dataset, row.number),
      name: row.name,
      // Kept before there were any: none.
      at: [],
      ...parseJson<Omit<SplitRule, 'at'> & Partial<SplitRule>>(row.rule),
      parts: parseJson(row.parts),
      createdAt: row.created_at,
      createdBy: row.created_by,
    }));
  },

  async save(split: NewSplit): Promise<void> {
    const { by, columns, stratify, seed, at } = split;
    const parts = json(split.parts);
    await db
      .insertInto('dataset_splits')
      .values({
        workspace: split.workspace,
        dataset: split.dataset,
        number: split.version,
        name: split.name,
        rule: json({ by, columns, stratify, seed, at }),
        parts,
        created_at: split.createdAt,
        created_by: split.createdBy,
      })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'dataset', 'number', 'name']).doUpdateSet({ parts }),
      )
      .execute();
  },
});
