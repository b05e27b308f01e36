import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

describeEachDatabase('what is said of versions', (open) => {
  let wing: DataWing;
  let workspaces = 0;
  const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
  const commit = (value: number, caller: ReturnType<typeof callerIn>) =>
    wing.datasets.commit(
      { name: 'prices', format: 'csv', content: Buffer.from(`id,x\n1,${value}\n`) },
      caller,
    );
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  it('a time names the version that was the latest then', async () => {
    const caller = freshCaller();
    const [one, two] = [await commit(1, caller), await commit(2, caller)];
    const at = (time: number) =>
      wing.datasets.resolve(`prices@{${new Date(time).toISOString()}}`, caller.workspace);
    expect((await at(one.createdAt)).version).toBe(1);
    expect((await at(two.createdAt - 1)).version).toBe(1);
    expect((await at(two.createdAt + 86_400_000)).version).toBe(2);
    const came = new Date(one.createdAt).toISOString();
    await expect(at(one.createdAt - 1)).rejects.toThrow(`The first version, prices@1, came at ${came}`);
    const { items } = await wing.datasets.diffRows(
      { name: 'prices', from: `{${came}}`, to: 'latest', key: 'id', kind: 'changed' },
      caller,
    );
    expect(items).toMatchObject([{ before: { x: 1 }, after: { x: 2 } }]);
  });

  it('a tag is taken off, and what is no tag is not', async () => {
    const caller = freshCaller();
    await commit(1, caller);
    await wing.datasets.setTag({ name: 'prices', tag: 'good', version: 1 }, caller);
    const untag = (tag: string) => wing.datasets.deleteTag({ name: 'prices', tag }, caller);
    expect(await untag('good')).toMatchObject({ reference: 'prices@1', tags: [] });
    await expect(untag('good')).rejects.toMatchObject({ code: 'datasetVersionNotFound' });
    await expect(untag('1')).rejects.toMatchObject({ code: 'datasetTagNotFound' });
  });

  it('key and description stay until they are changed, and go with the dataset', async () => {
    const caller = freshCaller();
    await commit(1, caller);
    const update = (input: object) => wing.datasets.update({ name: 'prices', ...input }, caller);
    expect(await update({ key: ['id'] })).toMatchObject({ key: ['id'], description: '' });
    expect(await update({ description: 'daily' })).toMatchObject({ key: ['id'], description: 'daily' });
    await wing.datasets.delete({ name: 'prices' }, caller);
    await commit(1, caller);
    expect(await wing.datasets.get({ name: 'prices' }, caller)).toMatchObject({ key: [], description: '' });
  });

  it('a version goes when nothing uses it, and its number with it', async () => {
    const caller = freshCaller();
    for (const value of [1, 2, 3]) await commit(value, caller);
    const remove = (version: number) => wing.datasets.deleteVersion({ name: 'prices', version }, caller);
    await wing.datasets.setTag({ name: 'prices', tag: 'good', version: 3 }, caller);
    expect(await wing.datasets.listTags({ name: 'prices' }, caller)).toEqual({
      items: [{ tag: 'good', version: 3, reference: 'prices@3' }],
    });
    await wing.datasets.derive({ name: 'made', sql: 'select * from "prices@2"' }, caller);
    await expect(remove(3)).rejects.toThrow('dataset:prices@3 cannot be deleted: the tag good uses it');
    await expect(remove(2)).rejects.toThrow('dataset:made@1 uses it');
    await expect(remove(9)).rejects.toMatchObject({ code: 'datasetVersionNotFound' });
    await wing.datasets.deleteTag({ name: 'prices', tag: 'good' }, caller);
    expect(await remove(3)).toMatchObject({ reference: 'prices@3' });
    expect(await wing.datasets.get({ name: 'prices' }, caller)).toMatchObject({ latestVersion: 2, rows: 1 });
    expect(await wing.datasets.list({}, caller)).toMatchObject({
      items: [{ name: 'made' }, { name: 'prices' }],
    });
    expect(await wing.lineage.findNode(caller.workspace, 'dataset:prices@3')).toBeNull();
    expect((await commit(4, caller)).version).toBe(4);
    expect(await remove(1)).toMatchObject({ version: 1 });
    await wing.datasets.delete({ name: 'made' }, caller);
    await remove(2);
    await expect(remove(4)).rejects.toMatchObject({ code: 'datasetVersionLast' });
    await expect(wing.datasets.resolve('prices@3', caller.workspace)).rejects.toThrow(
      'The latest is prices@4',
    );
  });
});
