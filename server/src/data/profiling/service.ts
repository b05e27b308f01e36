import { Readable } from 'node:stream';
import type { DatasetVersion, Download, Profile, ProfileComparison } from '@tidemill/contract';
import type { SubjectHolder } from '../../access/erasures/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { parseReference } from '../../base/references.ts';
import type { Datasets } from '../datasets/service.ts';
import type { ProfiledTable } from './reading/table.ts';
import { comparisonReport, profileReport } from './report/page.ts';
import { type KeptProfile, profileRevision } from './rules.ts';
import { sharedWork } from './shared-work.ts';
import { profileStore } from './store.ts';
import { profileTable } from './table-profile.ts';
import { compareVersions } from './version-comparison.ts';

export interface ProfilingDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly compute: Compute;
  readonly datasets: Pick<Datasets, 'getVersion' | 'source' | 'usedBlobs'>;
}

interface ProfileInput {
  readonly name: string;
  readonly version: string;
  readonly time?: string | undefined;
}

interface ComparisonInput extends ProfileInput {
  /** The version before: `2`, `latest`, a tag, or of another dataset `prices@2`. */
  readonly with: string;
}

/** Profiles computed at once; each may keep two of the analytics' connections busy. */
const atOnce = 1;
const contentsAtOnce = 500;
const neverAborted = new AbortController().signal;

/** What is in a version: computed at the first question, kept by the digest of its content. */
export function createProfiling({ db, clock, analytics, compute, datasets }: ProfilingDependencies) {
  const store = profileStore(db);
  const work = sharedWork<KeptProfile>(atOnce);

  async function tableOf(version: DatasetVersion, signal: AbortSignal): Promise<ProfiledTable> {
    const { rows, columns } = version;
    return { analytics, compute, source: await datasets.source(version), rows, columns, signal };
  }

  async function computed(
    version: DatasetVersion,
    time: string | undefined,
    signal: AbortSignal,
  ): Promise<KeptProfile> {
    const started = clock.now();
    const found = await profileTable(await tableOf(version, signal), version, time);
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

  async function get(input: ProfileInput, caller: Caller, signal: AbortSignal): Promise<Profile> {
    return of(await datasets.getVersion(input, caller), input.time, signal);
  }

  async function compare(
    input: ComparisonInput,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<ProfileComparison> {
    const other = input.with.includes('@')
      ? parseReference(input.with)
      : { name: input.name, version: input.with };
    const [before, after] = [
      await datasets.getVersion(other, caller),
      await datasets.getVersion(input, caller),
    ];
    const sideOf = async (version: DatasetVersion) => ({
      version,
      table: await tableOf(version, signal),
      profile: await of(version, input.time, signal),
    });
    return compareVersions(await sideOf(before), await sideOf(after));
  }

  async function removeUnused(
    findUsed: (digests: readonly string[]) => Promise<readonly string[]>,
  ): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const digests: string[] = await store.listDigests(after, contentsAtOnce);
      const used = new Set(digests.length > 0 ? await findUsed(digests) : []);
      const gone = digests.filter((digest) => !used.has(digest));
      if (gone.length > 0) await store.delete(gone);
      after = digests.at(-1);
    }
  }

  return {
    /** Profiles name frequent and extreme values; those of the contents before the erasure go. */
    subjectHolder: {
      name: 'profiles',
      after: ['datasets'],
      find: async () => [],
      async erase() {
        await removeUnused((digests) => datasets.usedBlobs(digests));
        return {};
      },
    } satisfies SubjectHolder,

    /** Profiles of contents that no version has any more; `findUsed` gives those of the digests that one has. */
    removeUnused,

    /** Asks at the same moment share one computation, which ends early when all who wait have left. */
    get: (input: ProfileInput, caller: Caller, signal: AbortSignal = neverAborted) =>
      get(input, caller, signal),

    compare: (input: ComparisonInput, caller: Caller, signal: AbortSignal = neverAborted) =>
      compare(input, caller, signal),

    /** The profile, or both of a comparison, as one HTML page. */
    async report(
      input: ProfileInput & { readonly with?: string | undefined },
      caller: Caller,
      signal: AbortSignal = neverAborted,
    ): Promise<Download> {
      const { dataset, version } = await datasets.getVersion(input, caller);
      const text =
        input.with === undefined
          ? profileReport(await get(input, caller, signal))
          : comparisonReport(await compare({ ...input, with: input.with }, caller, signal));
      const content = Buffer.from(text);
      return {
        content: Readable.from([content]),
        mediaType: 'text/html; charset=utf-8',
        fileName: `${dataset}-${version}-profile.html`,
        size: content.byteLength,
      };
    },
  };
}

export type Profiling = ReturnType<typeof createProfiling>;
