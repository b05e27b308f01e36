import { errors } from '../../../base/errors.ts';
import { formatReference } from '../../../base/references.ts';
import { compact } from '../../../http/mlflow/compact.ts';
import {
  type Fields,
  findBoolean,
  findInteger,
  findText,
  getInteger,
  getTag,
  getText,
  listFields,
  listTexts,
  toPageSize,
} from '../../../http/mlflow/fields.ts';
import { type Operation, read, write } from '../../../http/mlflow/operations.ts';
import type { AliasGuard } from '../routes.ts';
import { parseStage, stages } from '../rules.ts';
import type { Registry } from '../service.ts';
import type { VersionKey } from '../versions.ts';
import { toMlflowVersion } from './replies.ts';
import { modelOf, newVersionOf } from './resources.ts';

export type StageGuard = Pick<AliasGuard, 'askForStage'>;

/** Also what a search gives when it names no size: clients that do not page get everything. */
const mostResults = 200_000;

export function versionOperations(registry: Registry, guard?: StageGuard): Operation[] {
  const { models, versions, searches, findAlias, artifactRoot } = registry;

  const describe = async (key: VersionKey, workspace: string) => ({
    model_version: toMlflowVersion(await versions.getDescribed(key, workspace)),
  });

  return [
    read(['GET', 'POST'], 'registered-models/get-latest-versions', async (fields, { workspace }) => {
      const asked = listTexts(fields, 'stages').map(parseStage);
      const { name } = await models.getStored(getText(fields, 'name'), workspace);
      const latest = await versions.listLatest(workspace, [name]);
      const wanted = asked.length === 0 ? stages : asked;
      const found = latest.filter(({ stage }) => wanted.includes(stage));
      return compact({ model_versions: found.map(toMlflowVersion) });
    }),

    read('GET', 'registered-models/alias', async (fields, { workspace }) => {
      const alias = getText(fields, 'alias');
      const { name, latestVersion, aliases } = await models.getStored(getText(fields, 'name'), workspace);
      const isLatest = alias.toLowerCase() === 'latest' && latestVersion > 0;
      const { number } = isLatest ? { number: latestVersion } : await findAlias({ name, alias }, workspace);
      if (number !== null) return describe({ name, number }, workspace);
      const known = `There are ${aliases.map((each) => each.alias).join(', ') || 'none'}`;
      throw errors.aliasNotFound({ model: name, alias: alias.slice(0, 255), known });
    }),

    write(
      'model-versions/create',
      async (fields, caller) => {
        const request = {
          name: getText(fields, 'name'),
          source: getText(fields, 'source'),
          runId: findText(fields, 'run_id'),
          loggedModel: findText(fields, 'model_id'),
          runLink: findText(fields, 'run_link'),
          description: findText(fields, 'description'),
          tags: listFields(fields, 'tags').map(getTag),
        };
        return { model_version: toMlflowVersion(await versions.createVersion(request, caller)) };
      },
      { resources: newVersionOf(artifactRoot), byJobs: true },
    ),

    read('GET', 'model-versions/get', (fields, { workspace }) => describe(getKey(fields), workspace), {
      resources: modelOf,
    }),

    read('GET', 'model-versions/get-download-uri', async (fields, { workspace }) => {
      const { location, source } = await versions.getDescribed(getKey(fields), workspace);
      return compact({ artifact_uri: location ?? source });
    }),

    read(['GET', 'POST'], 'model-versions/search', async (fields, { workspace }) => {
      const { items, nextCursor } = await searches.versionFacts(
        {
          filter: findText(fields, 'filter'),
          orderBy: listTexts(fields, 'order_by'),
          limit: toPageSize(findInteger(fields, 'max_results') ?? mostResults, mostResults),
          cursor: findText(fields, 'page_token') || undefined,
        },
        workspace,
      );
      const described = await versions.describeAll(items, workspace);
      return compact({ model_versions: described.map(toMlflowVersion), next_page_token: nextCursor });
    }),

    write(
      'model-versions/update',
      async (fields, caller) => {
        const key = getKey(fields);
        await versions.updateVersion(key, findText(fields, 'description') ?? '', caller);
        return describe(key, caller.workspace);
      },
      { method: 'PATCH', resources: modelOf },
    ),

    write(
      'model-versions/delete',
      async (fields, caller) => {
        await versions.deleteVersion(getKey(fields), caller);
        return {};
      },
      { method: 'DELETE', resources: modelOf },
    ),

    write(
      'model-versions/transition-stage',
      async (fields, caller) => {
        const key = getKey(fields);
        const archives = findBoolean(fields, 'archive_existing_versions') ?? false;
        const stage = parseStage(getText(fields, 'stage'));
        await versions.setStage(key, stage, archives, caller);
        const reference = formatReference(key.name, key.number);
        await guard?.askForStage(await registry.resolve(reference, caller.workspace), stage, caller);
        return describe(key, caller.workspace);
      },
      { resources: modelOf },
    ),

    write(
      'model-versions/set-tag',
      async (fields, caller) => {
        await versions.setVersionTag(getKey(fields), getTag(fields), caller);
        return {};
      },
      { resources: modelOf },
    ),

    write(
      'model-versions/delete-tag',
      async (fields, caller) => {
        await versions.deleteVersionTag(getKey(fields), getText(fields, 'key'), caller);
        return {};
      },
      { method: 'DELETE', resources: modelOf },
    ),
  ];
}

const getKey = (fields: Fields): VersionKey => ({
  name: getText(fields, 'name'),
  number: getInteger(fields, 'version'),
});
