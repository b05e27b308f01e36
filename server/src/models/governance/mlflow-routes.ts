/** Where MLflow's client sets what may be bound to an endpoint: the gates are asked first. */
import { type Fields, findText, getInteger, getText } from '../../http/mlflow/fields.ts';
import { type Operation, write } from '../../http/mlflow/operations.ts';
import type { Registry } from '../registry/service.ts';
import type { Governance } from './service.ts';

const modelOf = (fields: Fields): readonly string[] => [`model:${findText(fields, 'name') ?? ''}`];

export const governanceMlflowOperations = (governance: Governance, registry: Registry): Operation[] => [
  write(
    'registered-models/alias',
    async (fields, caller) => {
      const key = { name: getText(fields, 'name'), alias: getText(fields, 'alias') };
      await governance.setAlias({ ...key, version: getInteger(fields, 'version') }, caller);
      return {};
    },
    { resources: modelOf },
  ),

  write(
    'registered-models/alias',
    async (fields, caller) => {
      const key = { name: getText(fields, 'name'), alias: getText(fields, 'alias') };
      await registry.removeAlias(key, caller);
      return {};
    },
    { method: 'DELETE', resources: modelOf },
  ),
];
