import type { DatasetVersion, Profile } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Datasets } from '../datasets/service.ts';
import { type KeptProfile, profileRevision } from './rules.ts';
import { sharedWork } from './shared-work.ts';
import { profileStore } from './store.ts';
import { profileTable } from './table-profile.ts';

export interface ProfilingDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly compute: Compute;
  readonly datasets: Pick<Datasets, 'getVersion' | 'source'>;
}

interface ProfileInput {
  readonly name: string;
  readonly version: string;
  readonly time?: string | undefined;
}

/** Profiles computed at once; each may keep two of the analytics' connections busy. */
const atOnce = 1;
const neverAborted = new AbortController().signal;

/** What is in a version: computed at the first question, kept by the digest of its content. */
export function createProfiling({ db, clock, analytics, compute, datasets }: ProfilingDependencies) {
  const store = profileStore(db);
  const work = sharedWork<KeptProfile>(atOnce);

  async function computed(
    version: DatasetVersion,
    time: string | undefined,
    signal: AbortSignal,
  ): Promise<KeptProfile> {
    const started = clock.now();
    const source = await datasets.source(version);
    const { rows, columns } = version;
    const table = { analytics, compute, source, rows, columns, signal };
    const found = await profileTable(table, version, time);
    const computedAt = clock.now();
    return { ...found, computedAt, seconds: (computedAt - started) / 1000 };
  }

  async function of(
    version: DatasetVersion,
    time: string | undefined,
    signal: AbortSignal,
  ): Promise<Profile> {
    const key = { digest: version.digest, revision: profileRevision, time: time ?? '' };
    const kept =
      (await store.find(key)) ??
      (await work.share(JSON.stringify(key), signal, async (stop) => {
        const profile = await computed(version, time, stop);
        await store.save(key, profile);
        return profile;
      }));
    return { reference: version.reference, ...kept };
  }

  return {
    /** Asks at the same moment share one computation, which ends early when all who wait have left. */
    async get(input: ProfileInput, caller: Caller, signal: AbortSignal = neverAborted): Promise<Profile> {
      return of(await datasets.getVersion(input, caller), input.time, signal);
    },
  };
}

export type Profiling = ReturnType<typeof createProfiling>;
