/** Our records in MLflow's words. Unset fields and empty lists are left out, as its own server does. */
import type { KeyValue } from '../../../base/key-value.ts';
import { compact } from '../../../http/mlflow/compact.ts';
import type { StoredModel } from '../rules.ts';
import type { DescribedVersion } from '../versions.ts';

export const toMlflowModel = (model: StoredModel, latest: readonly DescribedVersion[]) =>
  compact({
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description,
    latest_versions: latest.map(toMlflowVersion),
    tags: model.tags.map(toTag),
    aliases: model.aliases.map(({ alias, number }) => ({ alias, version: String(number) })),
  });

export const toMlflowVersion = (version: DescribedVersion) =>
  compact({
    name: version.model,
    version: String(version.number),
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.runId,
    run_link: version.runLink,
    model_id: version.loggedModel,
    status: 'READY',
    tags: version.tags.map(toTag),
    aliases: version.aliases,
  });

const toTag = ({ key, value }: KeyValue) => ({ key, value });
