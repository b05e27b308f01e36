import { errors } from '../../../base/errors.ts';
import { type Fields, findText, getText, invalid } from '../../../http/mlflow/fields.ts';
import { type Operation, read } from '../../../http/mlflow/operations.ts';
import type { Experiments } from '../service.ts';

/** Addresses at which a cloud store takes and gives files. This server keeps them itself and says so. */
export const presignedOperations = (experiments: Experiments): Operation[] =>
  (['upload', 'download'] as const).map((what) =>
    read('POST', `artifacts/presigned-${what}-url`, async (fields, caller) => {
      const id = getOwnerId(fields);
      await experiments.listArtifacts({ id, path: getText(fields, 'path') }, caller);
      throw errors.presignedUnsupported({ what });
    }),
  );

function getOwnerId(fields: Fields): string {
  const [run, model] = [findText(fields, 'run_id'), findText(fields, 'model_id')];
  if (run && model) throw invalid('run_id', 'give either run_id or model_id');
  return run || model || getText(fields, 'run_id');
}
