import type { ModelStage, Transition, TransitionCause } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, parseReference, toUri } from '../../base/references.ts';
import { aliasStore } from './alias-store.ts';
import { nextState } from './lifecycle-rules.ts';
import { lifecycleStore } from './lifecycle-store.ts';
import { modelStore } from './model-store.ts';

export interface LifecycleDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly lineage: Pick<Lineage, 'holdersIn'>;
}

export interface NumberedVersion {
  readonly model: string;
  readonly version: number;
}

type Recorder = (change: Change) => void;

export interface Move {
  readonly cause: TransitionCause;
  readonly reason: string;
}

/** States of versions, moved as the table allows in the transaction of what moved them. */
export function createLifecycle({ db, changes, clock, lineage }: LifecycleDependencies) {
  /** A cause that the table does not know for its state leaves a version where it is. */
  async function moveIn(
    tx: Db,
    record: Recorder,
    { model, version: number }: NumberedVersion,
    { cause, reason }: Move,
    caller: Caller,
  ): Promise<void> {
    const { workspace } = caller;
    const key = { workspace, model, number };
    const store = lifecycleStore(tx);
    // Of two that move it at once, the second sees where the first has brought it.
    await modelStore(tx).lockModel(workspace, model);
    const standing = await store.findStanding(key);
    if (!standing) return;
    const { state: from, approval, stage } = standing;
    const to = nextState(from, cause, approval === 'approved' || approval === 'overridden');
    if (to === null) return;
    const now = clock.now();
    const isBack = from === 'retired';
    await store.setState(
      key,
      {
        state: to,
        // `Archived` and retired go together, whoever said which; what was approved before is asked again.
        ...(to === 'retired' && { stage: 'Archived' }),
        ...(isBack && { approval: 'none', ...(stage === 'Archived' && { stage: 'None' }) }),
      },
      now,
    );
    await store.insertTransition(key, { from, to, cause, reason, actor: caller.actor, createdAt: now });
    const detail = { name: model, version: String(number), from, to, cause, reason };
    record({ action: 'model.transitioned', subject: toUri('model', model, number), detail });
  }

  /** @throws transitionRefused naming who serves it, or what points at it; the model is locked by the caller */
  async function retireIn(
    tx: Db,
    record: Recorder,
    { model, version }: NumberedVersion,
    reason: string,
    caller: Caller,
  ): Promise<void> {
    const { workspace } = caller;
    const found = await lifecycleStore(tx).findStanding({ workspace, model, number: version });
    if (!found || found.state === 'retired') return;
    const refuse = (why: string) =>
      errors.transitionRefused({
        ...{ model: formatReference(model, version), from: found.state, to: 'retired', reason: why },
      });
    const holders = await lineage.holdersIn(tx, workspace, toUri('model', model, version));
    const endpoints = holders.filter((uri) => uri.startsWith('endpoint:'));
    if (endpoints.length > 0)
      throw refuse(`${endpoints.join(', ')} serves it; release another version there`);
    const aliases = (await aliasStore(tx).listOfModels(workspace, [model])).get(model) ?? [];
    const own = aliases.filter(({ number }) => number === version).map(({ alias }) => `'${alias}'`);
    if (own.length > 0) throw refuse(`its aliases ${own.join(', ')} point at it; move or remove them first`);
    await moveIn(tx, record, { model, version }, { cause: 'retired', reason }, caller);
  }

  const versionOf = (uri: string): NumberedVersion => {
    const { name, version } = parseReference(uri);
    return { model: name, version: Number(version) };
  };

  return {
    moveIn,

    /** What MLflow's stage `Archived` means for the state; other stages bring a retired version back. */
    async followStageIn(
      tx: Db,
      record: Recorder,
      version: NumberedVersion,
      stage: ModelStage,
      caller: Caller,
    ): Promise<void> {
      const reason = `stage ${stage}`;
      if (stage === 'Archived') await retireIn(tx, record, version, reason, caller);
      else await moveIn(tx, record, version, { cause: 'restored', reason }, caller);
    },

    /** @throws modelRetired */
    async assertUnretired(tx: Db, workspace: string, { model, version }: NumberedVersion, what: string) {
      const found = await lifecycleStore(tx).findStanding({ workspace, model, number: version });
      if (found?.state === 'retired')
        throw errors.modelRetired({ model: formatReference(model, version), what });
    },

    /** Retires or restores. */
    async turn(version: NumberedVersion, to: 'retired' | 'candidate', reason: string, caller: Caller) {
      await changes.run(caller, async (tx, record) => {
        await modelStore(tx).lockModel(caller.workspace, version.model);
        if (to === 'retired') await retireIn(tx, record, version, reason, caller);
        else await moveIn(tx, record, version, { cause: 'restored', reason }, caller);
      });
    },

    /**
     * Before an endpoint writes who it serves: the models in the order of their names, as whoever deletes or retires does.
     * @throws modelRetired
     */
    async lockServedIn(
      tx: Db,
      workspace: string,
      uris: { readonly before: readonly string[]; readonly after: readonly string[] },
    ): Promise<void> {
      const names = new Set([...uris.before, ...uris.after].map((uri) => versionOf(uri).model));
      for (const name of [...names].sort()) await modelStore(tx).lockModel(workspace, name);
      for (const uri of uris.after) {
        const { model, version: number } = versionOf(uri);
        const found = await lifecycleStore(tx).findStanding({ workspace, model, number });
        if (found?.state === 'retired')
          throw errors.modelRetired({
            model: formatReference(model, number),
            what: 'no endpoint may serve it',
          });
      }
    },

    /** After its holds are written. */
    async noteServedIn(
      tx: Db,
      record: Recorder,
      uris: { readonly before: readonly string[]; readonly after: readonly string[] },
      endpoint: string,
      caller: Caller,
    ): Promise<void> {
      const [before, after] = [new Set(uris.before), new Set(uris.after)];
      for (const uri of after) {
        const reason = `${endpoint} serves it`;
        await moveIn(tx, record, versionOf(uri), { cause: 'endpoint.serves', reason }, caller);
      }
      for (const uri of before) {
        if (after.has(uri)) continue;
        const others = await lineage.holdersIn(tx, caller.workspace, uri);
        if (others.some((holder) => holder.startsWith('endpoint:'))) continue;
        const reason = `${endpoint} serves it no longer`;
        await moveIn(tx, record, versionOf(uri), { cause: 'endpoint.left', reason }, caller);
      }
    },

    async listTransitions({ model, version }: NumberedVersion, workspace: string): Promise<Transition[]> {
      const found = await lifecycleStore(db).listTransitions({ workspace, model, number: version });
      return found.map((each) => ({ model: formatReference(model, version), ...each }));
    },

    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      lifecycleStore(tx).rename(workspace, name, to),
  };
}

export type Lifecycle = ReturnType<typeof createLifecycle>;
