import { isDeepStrictEqual } from 'node:util';
import type { Page } from '@tidemill/contract';
import type { Changes } from '../../../access/audit/service.ts';
import type { Lineage } from '../../../access/lineage/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../../base/page.ts';
import { formatReference, parseReference, toUri } from '../../../base/references.ts';
import type { About, CatalogueEntry, Definition, DefinitionKind } from './definition.ts';
import { catalogueStore } from './store.ts';

export interface DefinitionsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
}

/** What one kind of definition adds to what all have. */
export interface Subject<M, A, T> {
  readonly kind: DefinitionKind;
  /** The word its changes are audited under: `features.defined`. */
  readonly domain: string;
  readonly present: (definition: Definition<M, A>) => T;
  readonly isSameMeaning: (a: M, b: M) => boolean;
  readonly entriesOf: (definition: Definition<M, A>) => CatalogueEntry[];
  /** In the transaction that deletes versions: what else ends with them. */
  readonly retire?: (tx: Db, name: string, numbers: readonly number[], caller: Caller) => Promise<void>;
  readonly notFound: (details: { name: string; known: string }) => Error;
  readonly versionNotFound: (details: { reference: string; known: string }) => Error;
}

interface Use {
  readonly uri: string;
  readonly relation: string;
  readonly reason: string;
}

interface PageInput {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

const noNumber = 2 ** 31 - 1;

/** Definitions in versions: a change of meaning makes a new one, and what is used cannot be deleted. */
export function createDefinitions<M extends object, A extends About, T extends { readonly uri: string }>(
  deps: DefinitionsDependencies,
  subject: Subject<M, A, T>,
) {
  const { db, changes, lineage, clock } = deps;
  const { kind, domain, present } = subject;
  const store = catalogueStore(db);
  const uriOf = (name: string, version: number) => toUri(kind, name, version);

  async function find(name: string, version: string, workspace: string): Promise<Definition<M, A> | null> {
    const number = Number(version);
    if (Number.isInteger(number))
      return store.findVersion<M, A>(workspace, kind, name, Math.min(number, noNumber));
    return version === 'latest' ? store.findLatest<M, A>(workspace, kind, name) : null;
  }

  async function get(name: string, version: string, workspace: string): Promise<Definition<M, A>> {
    return (await find(name, version, workspace)) ?? missing(name, version, workspace);
  }

  async function missing(name: string, version: string, workspace: string): Promise<never> {
    const latest = await store.findLatest(workspace, kind, name);
    if (latest) {
      const known = `The latest is ${formatReference(name, latest.version)}`;
      throw subject.versionNotFound({ reference: formatReference(name, version), known });
    }
    const names = await store.listNames(workspace, kind);
    const known = names.length > 0 ? `There are ${names.join(', ')}` : 'None has been defined yet';
    throw subject.notFound({ name, known });
  }

  /** A new version unless the latest means the same. `uses` become lineage, and cannot be deleted while it is there. */
  async function put(
    name: string,
    wanted: { readonly meaning: M; readonly about: A; readonly uses: readonly Use[] },
    caller: Caller,
  ): Promise<T & { unchanged: boolean }> {
    const { workspace } = caller;
    const { meaning, about, uses } = wanted;
    const now = clock.now();
    return changes.run(caller, async (tx, note) => {
      const inside = catalogueStore(tx);
      await inside.ensure(workspace, kind, name, now);
      const latest = await inside.findLatest<M, A>(workspace, kind, name);
      const isSame = latest !== null && subject.isSameMeaning(latest.meaning, meaning);
      if (isSame && isDeepStrictEqual({ ...latest.about }, { ...about }))
        return { ...present(latest), unchanged: true };
      const definition: Definition<M, A> = isSame
        ? { ...latest, about }
        : {
            workspace,
            name,
            version: await inside.takeNumber(workspace, kind, name, now),
            meaning,
            about,
            createdAt: now,
            createdBy: caller.actor,
          };
      const uri = uriOf(name, definition.version);
      if (isSame) await inside.setAbout(kind, definition);
      else {
        await inside.insertVersion(kind, definition);
        await recordUses(tx, workspace, uri, uses);
      }
      await inside.replaceEntries(workspace, kind, name, subject.entriesOf(definition));
      const detail = isSame
        ? { description: about.description }
        : { reference: formatReference(name, definition.version), uses: uses.map((use) => use.uri) };
      note({ action: `${domain}.${isSame ? 'described' : 'defined'}`, subject: uri, detail });
      return { ...present(definition), unchanged: false };
    });
  }

  async function recordUses(tx: Db, workspace: string, uri: string, uses: readonly Use[]): Promise<void> {
    await lineage.recordNode(tx, { workspace, uri, kind, digest: null, location: null });
    const edges = uses.map((use) => ({ from: use.uri, to: uri, relation: use.relation }));
    await lineage.recordEdges(tx, workspace, edges);
    await lineage.holdThere(tx, workspace, uri, uses);
  }

  /** @throws inUse naming who holds one of them */
  async function remove(name: string, numbers: readonly number[], caller: Caller): Promise<void> {
    const { workspace } = caller;
    await changes.run(caller, async (tx, note) => {
      const inside = catalogueStore(tx);
      await inside.ensure(workspace, kind, name, clock.now());
      const uris = numbers.map((number) => uriOf(name, number));
      for (const uri of uris) await lineage.assertUnheld(tx, workspace, uri);
      for (const uri of uris) await lineage.release(tx, workspace, uri);
      await lineage.deleteNodes(tx, workspace, uris);
      await inside.deleteVersions(workspace, kind, name, numbers);
      const latest = await inside.findLatest<M, A>(workspace, kind, name);
      await inside.replaceEntries(workspace, kind, name, latest ? subject.entriesOf(latest) : []);
      await subject.retire?.(tx, name, numbers, caller);
      for (const uri of uris) note({ action: `${domain}.deleted`, subject: uri, detail: {} });
    });
  }

  return {
    get,
    find,
    put,

    resolve(reference: string, workspace: string): Promise<T> {
      const { name, version } = parseReference(reference);
      return get(name, version, workspace).then(present);
    },

    async list(input: PageInput, caller: Caller): Promise<Page<T>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const found = await store.list<M, A>(caller.workspace, kind, after, limit + 1);
      const page = toPage(found, limit, ({ name }) => name);
      return { ...page, items: page.items.map(present) };
    },

    async listVersions(input: PageInput & { readonly name: string }, caller: Caller): Promise<Page<T>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isNumber) : undefined;
      const { workspace } = caller;
      const found = await store.listVersions<M, A>(workspace, kind, input.name, before, limit + 1);
      if (found.length === 0 && before === undefined) return missing(input.name, 'latest', workspace);
      const page = toPage(found, limit, ({ version }) => version);
      return { ...page, items: page.items.map(present) };
    },

    /** With every version. */
    async delete(input: { readonly name: string }, caller: Caller): Promise<Record<string, never>> {
      const numbers = await store.listNumbers(caller.workspace, kind, input.name);
      if (numbers.length === 0) return missing(input.name, 'latest', caller.workspace);
      await remove(input.name, numbers, caller);
      return {};
    },

    async deleteVersion(
      input: { readonly name: string; readonly version: string },
      caller: Caller,
    ): Promise<Record<string, never>> {
      const { name, version } = await get(input.name, input.version, caller.workspace);
      await remove(name, [version], caller);
      return {};
    },
  };
}
