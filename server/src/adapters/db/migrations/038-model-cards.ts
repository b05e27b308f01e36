import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

export const migration: Migration = {
  name: '038-model-cards',
  async up(db) {
    await db.schema
      .createTable('model_card_texts')
      .addColumn('workspace', 'text', required)
      .addColumn('model', 'text', required)
      .addColumn('fields', 'text', required)
      .addColumn('updated_at', epoch, required)
      .addColumn('updated_by', 'text', required)
      .addPrimaryKeyConstraint('model_card_texts_key', ['workspace', 'model'])
      .execute();
  },
};
