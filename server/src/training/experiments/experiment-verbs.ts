import type { Experiment, Page } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { decodeCursor, defaultPageSize, encodeCursor, isNumber, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import { parseFilter, parseOrderings } from '../../base/search/grammar.ts';
import { ownRoot, parseLocation } from './artifact-location.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { experimentStore } from './experiment-store.ts';
import { assertExperimentName, assertExperimentTags } from './limits.ts';
import {
  assertExperimentActive,
  defaultExperiment,
  isOffset,
  lastByKey,
  toExperimentNumber,
  type ViewType,
} from './rules.ts';
import { searchStore } from './search-store.ts';
import { searchableExperiments } from './searchable.ts';

export interface ExperimentSearch {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  readonly view: ViewType;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface NewExperiment {
  readonly name: string;
  readonly tags?: readonly KeyValue[];
  /** At or below the artifact root; a place of its own there when it is left out. */
  readonly artifactLocation?: string | undefined;
}

/** Experiments themselves: made, found, renamed, deleted, tagged. */
export function createExperimentVerbs({ db, clock, changes, folder }: ExperimentsDependencies) {
  const root = folder?.uri ?? null;

  /** Every workspace has its `Default` from the start: it is written down when first asked for. */
  async function findExperiment(id: string, workspace: string): Promise<Experiment | null> {
    const store = experimentStore(db);
    const found = await store.find(workspace, toExperimentNumber(id));
    if (found || id !== defaultExperiment.id) return found;
    await store.insertDefault(workspace, defaultExperiment.name, clock.now(), root);
    return store.find(workspace, Number(id));
  }

  async function findExperimentByName(name: string, workspace: string): Promise<Experiment | null> {
    if (name === defaultExperiment.name) await findExperiment(defaultExperiment.id, workspace);
    return experimentStore(db).findByName(workspace, name);
  }

  async function getExperiment(id: string, workspace: string): Promise<Experiment> {
    const found = await findExperiment(id, workspace);
    if (!found) throw errors.experimentNotFound({ experiment: id });
    return found;
  }

  async function createExperiment(
    { name, tags = [], artifactLocation }: NewExperiment,
    caller: Caller,
  ): Promise<Experiment> {
    const explicit = artifactLocation ? getLocation(root, artifactLocation) : undefined;
    assertExperimentName(name);
    assertExperimentTags(tags);
    const { workspace } = caller;
    await findExperiment(defaultExperiment.id, workspace);
    const id = await changes.run(caller, async (tx, record) => {
      const store = experimentStore(tx);
      const created = await store.insert(workspace, name, clock.now(), { root, explicit });
      if (created === null) return null;
      await store.saveTags(workspace, created, lastByKey(tags));
      record({
        action: 'experiment.created',
        subject: toUri('experiment', String(created)),
        detail: { name },
      });
      return created;
    });
    const found = id === null ? await findExperimentByName(name, workspace) : null;
    if (found) throw errors.experimentExists({ name, lifecycle: found.lifecycle });
    return getExperiment(String(id), workspace);
  }

  /** A change of an experiment that is there, with its audit row. */
  async function change(
    id: string,
    action: string,
    caller: Caller,
    work: (store: ReturnType<typeof experimentStore>, experiment: Experiment) => Promise<void>,
  ): Promise<void> {
    const experiment = await getExperiment(id, caller.workspace);
    await changes.run(caller, async (tx, record) => {
      await work(experimentStore(tx), experiment);
      record({ action, subject: toUri('experiment', id), detail: { name: experiment.name } });
    });
  }

  return {
    findExperimentByName,
    getExperiment,
    createExperiment,

    /** The experiment of that name, created when missing. @throws experimentNotActive when it is deleted */
    async ensureExperiment(
      name: string,
      caller: Caller,
      tags: Readonly<Record<string, string>> = {},
    ): Promise<Experiment> {
      const find = () => findExperimentByName(name, caller.workspace);
      const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
      const create = () =>
        createExperiment({ name, tags: list }, caller).catch(async (error: unknown) => {
          // Somebody else made it in between.
          const made = await find();
          if (made) return made;
          throw error;
        });
      const found = (await find()) ?? (await create());
      assertExperimentActive(found);
      return found;
    },

    async listExperiments(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<Experiment>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      await findExperiment(defaultExperiment.id, caller.workspace);
      const found = await experimentStore(db).listActive(caller.workspace, limit + 1, before);
      return toPage(found, limit, (experiment) => Number(experiment.id));
    },

    async searchExperiments(search: ExperimentSearch, workspace: string): Promise<Page<Experiment>> {
      const offset = search.cursor === undefined ? 0 : decodeCursor(search.cursor, isOffset);
      await findExperiment(defaultExperiment.id, workspace);
      const rows = await searchStore(db).listExperimentRows({
        workspace,
        view: search.view,
        filter: parseFilter(search.filter ?? '', searchableExperiments),
        order: parseOrderings(search.orderBy ?? [], searchableExperiments),
        limit: search.limit,
        offset,
      });
      const items = await experimentStore(db).toExperiments(workspace, rows.slice(0, search.limit));
      return {
        items,
        nextCursor: rows.length > search.limit ? encodeCursor(offset + search.limit) : null,
      };
    },

    async renameExperiment(id: string, name: string, caller: Caller): Promise<void> {
      assertExperimentName(name);
      const taken = await findExperimentByName(name, caller.workspace);
      if (taken && taken.id !== id) throw errors.experimentExists({ name, lifecycle: taken.lifecycle });
      await change(id, 'experiment.renamed', caller, async (store, experiment) => {
        assertExperimentActive(experiment);
        await store.rename(caller.workspace, Number(id), name, clock.now());
      });
    },

    /** Its runs go with it; `restoreExperiment` brings back those it took. */
    async deleteExperiment(id: string, caller: Caller): Promise<void> {
      await change(id, 'experiment.deleted', caller, async (store, experiment) => {
        if (experiment.lifecycle === 'deleted') throw errors.experimentNotFound({ experiment: id });
        const now = clock.now();
        await store.setDeleted(caller.workspace, Number(id), now, now);
      });
    },

    async restoreExperiment(id: string, caller: Caller): Promise<void> {
      await change(id, 'experiment.restored', caller, async (store, experiment) => {
        if (experiment.lifecycle === 'active') throw errors.experimentNotFound({ experiment: id });
        await store.setDeleted(caller.workspace, Number(id), null, clock.now());
      });
    },

    async setExperimentTag(id: string, tag: KeyValue, caller: Caller): Promise<void> {
      assertExperimentTags([tag]);
      await change(id, 'experiment.tagged', caller, async (store, experiment) => {
        assertExperimentActive(experiment);
        await store.saveTags(caller.workspace, Number(id), [tag]);
      });
    },

    async deleteExperimentTag(id: string, key: string, caller: Caller): Promise<void> {
      await change(id, 'experiment.untagged', caller, async (store, experiment) => {
        assertExperimentActive(experiment);
        const isGone = await store.deleteTag(caller.workspace, Number(id), key);
        if (!isGone) throw errors.tagNotFound({ of: `The experiment '${experiment.name}'`, key });
      });
    },
  };
}

/** Another place would be written to and read with the rights of whoever runs the clients and this server. */
function getLocation(root: string | null, given: string): string | undefined {
  if (given === (root ?? ownRoot)) return root ?? undefined;
  const location = parseLocation(root, given);
  if (location !== null) return location;
  const where = root === null ? `itself, at ${ownRoot}, and takes no other place` : `at or below ${root}`;
  throw errors.trackingValueInvalid({
    where: 'artifact_location',
    reason: `this server keeps artifacts ${where}; leave it out`,
  });
}
