import { errors } from '../../../base/errors.ts';
import {
  type Fields,
  findInteger,
  getText,
  invalid,
  listFields,
  toFields,
} from '../../../http/mlflow/fields.ts';
import { type Operation, write } from '../../../http/mlflow/operations.ts';
import type { LinkedModel } from '../run-model-verbs.ts';
import type { Experiments } from '../service.ts';
import { getRunId, outputsOf, runOf } from './resources.ts';

const mandatory = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'] as const;

/** What of a run are models: those of MLflow 3, with ids, and those of the clients before it. */
export const runModelOperations = (experiments: Experiments): Operation[] => [
  write(
    'runs/outputs',
    async (fields, caller) => {
      const models = listFields(fields, 'models').map(getLinkedModel);
      if (models.length === 0) throw errors.requestFieldMissing({ field: 'models' });
      await experiments.logOutputs(getRunId(fields), models, caller.workspace);
      return {};
    },
    { resources: outputsOf, byJobs: true },
  ),

  write(
    'runs/log-model',
    async (fields, caller) => {
      const model = parseModel(getText(fields, 'model_json'));
      await experiments.logModel(getRunId(fields), model, caller.workspace);
      return {};
    },
    { resources: runOf, byJobs: true },
  ),
];

export const getLinkedModel = (fields: Fields): LinkedModel => ({
  modelId: getText(fields, 'model_id'),
  step: findInteger(fields, 'step') ?? 0,
});

/** Only what clients read again of the list: the rest of an MLmodel lies in its file. */
function parseModel(text: string): Record<string, unknown> {
  const model = parseObject(text);
  const missing = mandatory.filter((name) => model[name] === undefined);
  if (missing.length > 0) throw invalid('model_json', `it lacks ${missing.join(', ')}`);
  const { run_id, utc_time_created, artifact_path, model_uuid, flavors } = model;
  const plain = Object.entries(toFields(flavors)).map(([name, flavor]) => {
    const { config: _config, ...rest } = toFields(flavor);
    return [name, rest];
  });
  return { run_id, utc_time_created, artifact_path, model_uuid, flavors: Object.fromEntries(plain) };
}

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return toFields(value);
  } catch {
    // falls through: it is no JSON at all
  }
  throw invalid('model_json', 'it is not a JSON object');
}
