/** Files that a command is handed: stored first, then named by the job. */
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { CommandJob, Content, JobFile, TrialCommand } from '@tidemill/contract';
import type { Blobs } from '../../../adapters/blobs/blobs.ts';
import type { Db } from '../../../adapters/db/db.ts';
import { digestOf } from '../../../base/digest-of.ts';
import { errors } from '../../../base/errors.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { assertPaths } from '../command/folder.ts';
import { type FileRole, jobFileStore } from './store.ts';

export interface JobFilesDependencies {
  readonly db: Db;
  readonly blobs: Pick<Blobs, 'put' | 'stat' | 'get' | 'keep' | 'localPath'>;
}

/** Where a rebuild finds the lock of its environment, in the job's folder. */
export const rebuildLock = 'requirements.lock';

const atOnce = 16;
const allRoles: readonly FileRole[] = ['code', 'input', 'diff', 'lock'];

function assertNamed(dependencies: string | undefined, code: readonly JobFile[]): void {
  if (dependencies === undefined || dependencies === 'auto' || dependencies === 'none') return;
  const path = normalize(dependencies);
  if (!code.some((file) => file.path === path))
    throw errors.environmentFileInvalid({
      file: dependencies,
      reason: 'it is none of the files of the code',
    });
}

export function createJobFiles({ db, blobs }: JobFilesDependencies) {
  async function missing(sha256s: readonly string[]): Promise<string[]> {
    const found = await inParallel([...new Set(sha256s)], atOnce, async (sha256) =>
      (await blobs.stat(sha256)) ? [] : [sha256],
    );
    return found.flat();
  }

  /** Copies, which the command may change. */
  const place = (files: readonly JobFile[], folder: string) =>
    inParallel(files, atOnce, async ({ path, sha256, executable }) => {
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      await copyFile(await blobs.localPath(sha256), to, constants.COPYFILE_FICLONE);
      await chmod(to, executable ? 0o755 : 0o644);
    });

  async function insert(tx: Db, id: string, job: Pick<CommandJob, 'code' | 'files' | 'revision'>) {
    const { code = [], files = [], revision } = job;
    const store = jobFileStore(tx);
    await store.insert(id, 'code', code);
    await store.insert(id, 'input', files);
    if (revision?.diff) await store.insert(id, 'diff', [{ path: 'code.diff', sha256: revision.diff }]);
  }

  return {
    place,
    putFile: ({ content }: { readonly content: Content }) => blobs.put(content),

    missingFiles: async ({ sha256s }: { readonly sha256s: readonly string[] }) => ({
      sha256s: await missing(sha256s),
    }),

    /**
     * That all are there, and stay at least until the job names them.
     * @throws jobFileInvalid, jobFileMissing, environmentFileInvalid
     */
    async assertStored({
      code = [],
      files = [],
      revision,
      dependencies,
      workingDirectory,
    }: CommandJob): Promise<void> {
      for (const list of [code, files]) assertPaths(list.map(({ path }) => path));
      if (workingDirectory === undefined) assertNamed(dependencies, code);
      const diff = revision?.diff === undefined ? [] : [{ path: 'diff', sha256: revision.diff }];
      const all: readonly JobFile[] = [...code, ...files, ...diff];
      const gone = new Set(await missing(all.map(({ sha256 }) => sha256)));
      const first = all.find(({ sha256 }) => gone.has(sha256));
      if (first) throw errors.jobFileMissing({ path: first.path, count: gone.size });
      await blobs.keep([...new Set(all.map(({ sha256 }) => sha256))]);
    },

    insert,

    /** As long as there is a database: under a name that they share with equal ones. */
    async keep(tx: Db, { code = [], files = [], revision }: CommandJob | TrialCommand): Promise<void> {
      const all = { code, files, revision };
      const id = `kept:${digestOf(all)}`;
      for (const role of allRoles) if ((await jobFileStore(tx).list(id, role)).length > 0) return;
      await insert(tx, id, all);
    },

    /** What a rebuild's environment is made of. */
    insertLock: (tx: Db, id: string, sha256: string): Promise<void> =>
      jobFileStore(tx).insert(id, 'lock', [{ path: rebuildLock, sha256 }]),

    copy: (tx: Db, from: string, to: string, roles: readonly FileRole[] = allRoles) =>
      jobFileStore(tx).copy(from, to, roles),
    list: (id: string, role: FileRole) => jobFileStore(db).list(id, role),
    usedBlobs: (ids: readonly string[]) => jobFileStore(db).usedBlobs(ids),

    /** Their contents, where they are not wanted as files. */
    async open(id: string, role: FileRole): Promise<{ path: string; content: AsyncIterable<Uint8Array> }[]> {
      const files = await jobFileStore(db).list(id, role);
      return inParallel(files, atOnce, async ({ path, sha256 }) => ({
        path,
        content: createReadStream(await blobs.localPath(sha256)),
      }));
    },

    async write(id: string, role: FileRole, folder: string): Promise<readonly JobFile[]> {
      const files = await jobFileStore(db).list(id, role);
      await place(files, folder);
      return files;
    },
  };
}

export type JobFiles = ReturnType<typeof createJobFiles>;
