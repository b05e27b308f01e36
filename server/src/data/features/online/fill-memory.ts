/** What a materialization wrote, as key, time and a hash of the values; it can be made again, by writing all. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const rememberedViews = 200;

export function createFillMemory(tempFolder: string) {
  const folder = join(tempFolder, '..', 'cache', 'online');
  const pathOf = (id: string): string => join(folder, `${id}.parquet`);

  return {
    /** The file of an earlier run, if it is still here. */
    async find(id: string | null): Promise<string | null> {
      if (id === null) return null;
      const found = await stat(pathOf(id)).catch(() => null);
      return found && pathOf(id);
    },

    /** Only what is complete gets the name under which it is looked for. */
    async keep(
      path: string,
      { id, since }: { readonly id: string; readonly since: string | null },
    ): Promise<void> {
      await mkdir(folder, { recursive: true });
      await rename(path, pathOf(id));
      if (since !== null) await rm(pathOf(since), { force: true });
      const names = (await readdir(folder)).sort();
      for (const name of names.slice(0, -rememberedViews)) await rm(join(folder, name), { force: true });
    },

    /** A run that had nothing to write is the next one's last. */
    carry: (since: string, id: string): Promise<void> =>
      rename(pathOf(since), pathOf(id)).catch(() => undefined),
  };
}

export type FillMemory = ReturnType<typeof createFillMemory>;
