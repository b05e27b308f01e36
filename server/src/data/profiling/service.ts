import type { Profile } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Datasets } from '../datasets/service.ts';
import { profileRevision } from './rules.ts';
import { profileStore } from './store.ts';
import { profileTable } from './table-profile.ts';

export interface ProfilingDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly datasets: Datasets;
}

interface ProfileInput {
  readonly name: string;
  readonly version: string;
  readonly time?: string | undefined;
}

/** What is in a version: computed once, kept by the digest of its content. */
export function createProfiling({ db, clock, analytics, datasets }: ProfilingDependencies) {
  const store = profileStore(db);

  return {
    async get(input: ProfileInput, caller: Caller, _signal?: AbortSignal): Promise<Profile> {
      const version = await datasets.getVersion(input, caller);
      const key = { digest: version.digest, revision: profileRevision, time: input.time ?? '' };
      const kept = await store.find(key);
      if (kept) return { reference: version.reference, ...kept };
      const profile = await profileTable(analytics, await datasets.source(version), version, clock.now());
      await store.save(key, profile);
      return { reference: version.reference, ...profile };
    },
  };
}

export type Profiling = ReturnType<typeof createProfiling>;
