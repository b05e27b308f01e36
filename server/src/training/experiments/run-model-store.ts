import type { Db } from '../../adapters/db/db.ts';
import { inPortions } from './portions.ts';
import type { ModelInput, ModelOutput } from './rules.ts';

type Role = 'input' | 'output';

/** Which logged models a run read and which it made. */
export const runModelStore = (db: Db) => ({
  /** The same again changes nothing. */
  async save(
    runId: string,
    role: Role,
    models: readonly { modelId: string; step?: number }[],
  ): Promise<void> {
    if (models.length === 0) return;
    await db
      .insertInto('run_models')
      .values(models.map(({ modelId, step = 0 }) => ({ run_id: runId, role, model_id: modelId, step })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  async findTag(runId: string, key: string): Promise<string | null> {
    const row = await db
      .selectFrom('run_tags')
      .select('value')
      .where('run_id', '=', runId)
      .where('key', '=', key)
      .executeTakeFirst();
    return row?.value ?? null;
  },

  /** Of many runs at once, with the models' names. */
  async list(
    runIds: readonly string[],
  ): Promise<Map<string, { modelInputs: ModelInput[]; modelOutputs: ModelOutput[] }>> {
    const rows = await inPortions(runIds, (portion) =>
      db
        .selectFrom('run_models')
        .innerJoin('logged_models', 'logged_models.id', 'run_models.model_id')
        .select(['run_id', 'role', 'model_id', 'step', 'name'])
        .where('run_id', 'in', portion)
        .orderBy('run_id')
        .orderBy('step')
        .orderBy('logged_models.created_at')
        .orderBy('model_id')
        .execute(),
    );
    const found = new Map<string, { modelInputs: ModelInput[]; modelOutputs: ModelOutput[] }>();
    for (const { run_id, role, model_id: modelId, step, name } of rows) {
      const models = found.get(run_id) ?? { modelInputs: [], modelOutputs: [] };
      if (role === 'input') models.modelInputs.push({ modelId, name });
      else models.modelOutputs.push({ modelId, name, step });
      found.set(run_id, models);
    }
    return found;
  },
});
