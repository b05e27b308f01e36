import { compact } from '../../../http/mlflow/compact.ts';
import {
  findInteger,
  findText,
  getTag,
  getText,
  listFields,
  listTexts,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { type Operation, read, write } from '../../../http/mlflow/operations.ts';
import type { StoredModel } from '../rules.ts';
import type { Registry } from '../service.ts';
import { toMlflowModel } from './replies.ts';
import { modelOf, renamedModelOf } from './resources.ts';

const pageSize = 100;
const mostResults = 1000;

export function modelOperations({ models, versions, searches }: Registry): Operation[] {
  const describe = async (model: StoredModel, workspace: string) => ({
    registered_model: toMlflowModel(model, await versions.listLatest(workspace, [model.name])),
  });
  const get = async (name: string, workspace: string) =>
    describe(await models.getStored(name, workspace), workspace);

  return [
    write(
      'registered-models/create',
      async (fields, caller) => {
        const name = getText(fields, 'name');
        const description = findText(fields, 'description');
        const tags = listFields(fields, 'tags').map(getTag);
        return describe(await models.create({ name, description, tags }, caller), caller.workspace);
      },
      { resources: modelOf, byJobs: true },
    ),

    read('GET', 'registered-models/get', (fields, caller) => get(getText(fields, 'name'), caller.workspace), {
      resources: modelOf,
    }),

    write(
      'registered-models/rename',
      async (fields, caller) => {
        const newName = getText(fields, 'new_name');
        await models.rename({ name: getText(fields, 'name'), newName }, caller);
        return get(newName, caller.workspace);
      },
      { resources: renamedModelOf },
    ),

    write(
      'registered-models/update',
      async (fields, caller) => {
        const name = getText(fields, 'name');
        await models.update({ name, description: findText(fields, 'description') ?? '' }, caller);
        return get(name, caller.workspace);
      },
      { method: 'PATCH', resources: modelOf },
    ),

    write(
      'registered-models/delete',
      async (fields, caller) => {
        await models.delete({ name: getText(fields, 'name') }, caller);
        return {};
      },
      { method: 'DELETE', resources: modelOf },
    ),

    read(['GET', 'POST'], 'registered-models/search', async (fields, { workspace }) => {
      const { items, nextCursor } = await searches.models(
        {
          filter: findText(fields, 'filter'),
          orderBy: listTexts(fields, 'order_by'),
          limit: toPageSize(findInteger(fields, 'max_results') ?? pageSize, mostResults),
          cursor: findText(fields, 'page_token') || undefined,
        },
        workspace,
      );
      const names = items.map((model) => model.name);
      const latest = Map.groupBy(await versions.listLatest(workspace, names), (version) => version.model);
      return compact({
        registered_models: items.map((model) => toMlflowModel(model, latest.get(model.name) ?? [])),
        next_page_token: nextCursor,
      });
    }),

    write(
      'registered-models/set-tag',
      async (fields, caller) => {
        await models.setTag({ name: getText(fields, 'name'), ...getTag(fields) }, caller);
        return {};
      },
      { resources: modelOf },
    ),

    write(
      'registered-models/delete-tag',
      async (fields, caller) => {
        await models.deleteTag({ name: getText(fields, 'name'), key: getText(fields, 'key') }, caller);
        return {};
      },
      { method: 'DELETE', resources: modelOf },
    ),
  ];
}
