/** Where MLflow's client sets what may be bound to an endpoint: the gates are asked first. */
import { getInteger, getText } from '../../http/mlflow/fields.ts';
import { type Operation, write } from '../../http/mlflow/operations.ts';
import type { Registry } from '../registry/service.ts';
import type { Governance } from './service.ts';

export const governanceMlflowOperations = (governance: Governance, registry: Registry): Operation[] => [
  write('registered-models/alias', async (fields, caller) => {
    const key = { name: getText(fields, 'name'), alias: getText(fields, 'alias') };
    await governance.setAlias({ ...key, version: getInteger(fields, 'version') }, caller);
    return {};
  }),

  write(
    'registered-models/alias',
    async (fields, caller) => {
      const key = { name: getText(fields, 'name'), alias: getText(fields, 'alias') };
      await registry.removeAlias(key, caller);
      return {};
    },
    { method: 'DELETE' },
  ),
];
