import type { Dataset, DatasetVersion } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { assertColumns, assertTag } from './rules.ts';
import { type DatasetSettings, settingsStore } from './settings-store.ts';
import { datasetStore } from './store.ts';

export interface SettingsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly getDataset: (name: string, workspace: string) => Promise<Dataset>;
  readonly getVersion: (name: string, version: string, workspace: string) => Promise<DatasetVersion>;
}

/** What is said about datasets and versions from outside: none of it changes a version's content. */
export function createSettings({ db, changes, getDataset, getVersion }: SettingsDependencies) {
  return {
    async update(input: { name: string } & DatasetSettings, caller: Caller): Promise<Dataset> {
      const { name, description, key } = input;
      const { reference, columns } = await getVersion(name, 'latest', caller.workspace);
      assertColumns(reference, columns, key ?? []);
      await changes.run(caller, async (tx, note) => {
        await settingsStore(tx).update(caller.workspace, name, { description, key });
        const detail = { ...(description !== undefined && { description }), ...(key && { key }) };
        note({ action: 'dataset.updated', subject: toUri('dataset', name), detail });
      });
      return getDataset(name, caller.workspace);
    },

    async listTags(input: { name: string }, { workspace }: Caller) {
      await getDataset(input.name, workspace);
      const tags = await settingsStore(db).listTags(workspace, input.name);
      return {
        items: tags.map(({ tag, version }) => {
          return { tag, version, reference: formatReference(input.name, version) };
        }),
      };
    },

    setTag(input: { name: string; tag: string; version: number }, caller: Caller): Promise<DatasetVersion> {
      assertTag(input.tag);
      return changes.run(caller, async (tx, note) => {
        const inside = datasetStore(tx);
        const version = await inside.findVersion(caller.workspace, input.name, input.version);
        if (!version) {
          const reference = formatReference(input.name, input.version);
          const known = `tidemill datasets versions ${input.name} lists them`;
          throw errors.datasetVersionNotFound({ reference, known });
        }
        if (version.tags.includes(input.tag)) return version;
        await inside.setTag(caller.workspace, input.name, input.tag, input.version);
        note({ action: 'dataset.tagged', subject: version.uri, detail: { tag: input.tag } });
        return { ...version, tags: [...version.tags, input.tag].sort() };
      });
    },

    /** The version stays; gives it back without the tag. */
    async deleteTag(input: { name: string; tag: string }, caller: Caller): Promise<DatasetVersion> {
      const { name, tag } = input;
      const { version: number } = await getVersion(name, tag, caller.workspace);
      return changes.run(caller, async (tx, note) => {
        const inside = datasetStore(tx);
        const found = await inside.findVersion(caller.workspace, name, number);
        const isThere = await settingsStore(tx).deleteTag(caller.workspace, name, tag);
        if (!found || !isThere) throw errors.datasetTagNotFound({ name, tag });
        note({ action: 'dataset.untagged', subject: found.uri, detail: { tag } });
        return { ...found, tags: found.tags.filter((each) => each !== tag) };
      });
    },
  };
}
