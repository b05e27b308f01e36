/** How versions come out of training: of a run, of a sweep, and by themselves when either ends. */
import type { Input, registryEndpoints } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import type { Logger } from '../../base/logger.ts';
import { isNumber, isText } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import type { SweepModel } from '../../training/sweeps/rules.ts';
import { modelStore } from './model-store.ts';
import type { NewVersion, StoredVersion } from './rules.ts';
import { versionStore } from './version-store.ts';
import type { Versions, VersionsDependencies } from './versions.ts';

export interface RegistrationsDependencies extends VersionsDependencies {
  readonly versions: Versions;
  readonly events: Pick<Events, 'on'>;
  readonly logger: Logger;
  readonly sweeps: {
    /** @throws sweepNotFound, sweepNotRegistered */
    findModel(input: { id: string; trial?: number | undefined }, caller: Caller): Promise<SweepModel>;
    /** Tells a sweep what was made of it. */
    recordModel(tx: Db, id: string, reference: string): Promise<void>;
  };
}

type Contract = typeof registryEndpoints;
type Registration = Input<Contract['register']>;

interface Alongside {
  readonly tags: readonly KeyValue[];
  /** In the same transaction, also when the version was there. */
  recordIn(tx: Db, version: StoredVersion): Promise<void>;
}

const alone: Alongside = { tags: [], recordIn: async () => undefined };

export function createRegistrations(deps: RegistrationsDependencies) {
  const { changes, versions, sweeps, lineage } = deps;

  /** The same model of the same run gives the version that is there. */
  async function register(
    input: Registration,
    caller: Caller,
    alongside: Alongside = alone,
  ): Promise<StoredVersion> {
    const { name, description = '' } = input;
    const { workspace } = caller;
    const found = await versions.sources.readRunModel(input.runId, input.path, caller);
    const fresh: NewVersion = { ...found, workspace, model: name, description, runLink: null };
    return changes.run(caller, async (tx, record) => {
      const store = modelStore(tx);
      await store.lockModel(workspace, name);
      const same = await versionStore(tx).findSame(fresh);
      const isNew =
        !same && (await store.insert({ workspace, name, description: '', now: deps.clock.now() }));
      if (isNew) record({ action: 'model.created', subject: toUri('model', name), detail: { name } });
      const version = same ?? (await versions.insert(tx, record, fresh, alongside.tags, caller));
      await alongside.recordIn(tx, version);
      return version;
    });
  }

  /** @throws sweepNotRegistered, trialModelMissing */
  async function registerTrial(
    { id, trial, ...input }: Input<Contract['registerTrial']>,
    caller: Caller,
  ): Promise<StoredVersion> {
    const { workspace } = caller;
    const found = await sweeps.findModel({ id, trial }, caller);
    const sweep = toUri('sweep', id);
    const alongside: Alongside = {
      tags: [
        { key: 'tidemill.sweep', value: id },
        { key: 'tidemill.trial', value: String(found.trial) },
      ],
      async recordIn(tx, { model, number }) {
        const edge = { from: sweep, to: toUri('model', model, number), relation: 'chosen' };
        await lineage.recordEdges(tx, workspace, [edge]);
        await sweeps.recordModel(tx, id, `${model}@${number}`);
      },
    };
    const { runId, reason } = found;
    const registration = { ...input, runId, description: input.description ?? reason };
    return register(registration, caller, alongside).catch((error: unknown) => {
      if (!(error instanceof TidemillError) || error.code !== 'modelFolderMissing') throw error;
      const files = String(error.details.found);
      throw errors.trialModelMissing({ sweep: id, trial: found.trial, run: runId, found: files }, error);
    });
  }

  async function registerFinished(event: StoredEvent): Promise<void> {
    const { register: name, runId, state } = event.payload;
    if (!isText(name) || !isText(runId) || (isText(state) && state !== 'succeeded')) return;
    const caller: Caller = { actor: event.actor, role: 'admin', workspace: event.workspace };
    try {
      const trial = trialOf(event);
      if (trial) await registerTrial({ ...trial, name }, caller);
      else await register({ name, runId }, caller);
    } catch (error) {
      // What can never succeed must not hold up the events behind it; it is said instead of tried again.
      if (!(error instanceof TidemillError) || error.status >= 500) throw error;
      deps.logger.warn({ err: error, runId, model: name }, 'a finished run could not be registered');
      await changes.run(caller, async (_tx, record) => {
        const detail = { model: name, code: error.code, reason: error.message };
        record({ action: 'model.registrationRefused', subject: toUri('run', runId), detail });
      });
    }
  }
  deps.events.on('registry', ['job.finished', 'sweep.finished', 'sweep.confirmed'], registerFinished);

  return { register, registerTrial };
}

/** The trial that a sweep's end names; null for a job. */
function trialOf({ kind, payload }: StoredEvent): { id: string; trial: number } | null {
  const { id, best, chosen } = payload;
  const number = kind === 'sweep.confirmed' ? chosen : numberOf(best);
  return kind !== 'job.finished' && isText(id) && isNumber(number) ? { id, trial: number } : null;
}

const numberOf = (trial: unknown): unknown =>
  typeof trial === 'object' && trial !== null && 'number' in trial ? trial.number : null;
