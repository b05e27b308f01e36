import type { Caller } from '../../base/caller.ts';
import type { Commits } from './commits.ts';
import type { ContentFiles } from './content-files.ts';
import type { Lookup } from './lookup.ts';
import { settingsStore } from './settings-store.ts';
import type { Committed } from './version-records.ts';

export interface ForkInput {
  /** The dataset it becomes a version of; it may be the one it comes from, whose latest it then is again. */
  readonly name: string;
  readonly from: string;
  readonly message?: string | undefined;
  readonly tag?: string | undefined;
}

export interface ForkDependencies {
  readonly lookup: Lookup;
  readonly files: ContentFiles;
  readonly commits: Commits;
}

/** A version as the beginning of another line of versions: its chunks are named again, no byte is copied. */
export function createForks({ lookup, files, commits }: ForkDependencies) {
  return {
    async fork({ name, from, message, tag }: ForkInput, caller: Caller): Promise<Committed> {
      const version = await lookup.resolve(from, caller.workspace);
      const { key, description } = await lookup.get(version.dataset, caller.workspace);
      const there = await files.get(version.digest);
      const reused = there.stored.map(({ id }) => id);
      const content = { ...there, fresh: [], reused, storedBytes: 0 };
      return commits.content(
        {
          name,
          content,
          message: message ?? `fork of ${version.reference}`,
          tag,
          provenance: { kind: 'fork', inputs: [version.uri], detail: { from: version.reference } },
          async within(tx, made) {
            if (made.version === 1 && !made.unchanged)
              await settingsStore(tx).update(caller.workspace, name, { key, description });
          },
        },
        caller,
      );
    },
  };
}
