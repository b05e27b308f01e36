import { client } from '../../../lib/client.ts';
import { type FileSource, toEntries } from '../../../lib/file-source.ts';

export type KeptFile = Awaited<ReturnType<ReturnType<typeof client>['jobs']['listFiles']>>['items'][number];
export type FileRole = 'code' | 'input' | 'diff' | 'lock';

const pageSize = 1000;

/** All files of a role; a job has ten thousand at most. */
export async function listAllFiles(id: string, role: FileRole): Promise<KeptFile[]> {
  const files: KeptFile[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client().jobs.listFiles({ id, role, limit: pageSize, cursor });
    files.push(...page.items);
    if (page.nextCursor === null) return files;
    cursor = page.nextCursor;
  }
}

export const fileAddress = (id: string, path: string, role: FileRole): string =>
  `/api/v1/jobs/${encodeURIComponent(id)}/file/content?${new URLSearchParams({ path, role })}`;

/** What never changes is read once, and folders are cut out of it. */
export function toJobFiles(id: string, role: FileRole): FileSource {
  let all: Promise<KeptFile[]> | null = null;
  return {
    key: ['jobs', 'files', id, role],
    list: async (folder) => {
      all ??= listAllFiles(id, role).catch((error: unknown) => {
        all = null;
        throw error;
      });
      return toEntries(
        (await all).map(({ path, size }) => ({ path, size: size ?? 0 })),
        folder,
      );
    },
    read: (path, signal) => client().jobs.downloadFile({ id, path, role }, signal ? { signal } : {}),
    address: (path) => fileAddress(id, path, role),
  };
}
