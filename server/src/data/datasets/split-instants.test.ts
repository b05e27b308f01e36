import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

const days = ['2022-12-30', '2022-12-31', '2023-01-01', '2023-01-02', '2023-05-31', '2023-06-01'];

describeEachDatabase('a split at instants', (open) => {
  let wing: DataWing;
  let workspaces = 0;
  const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  const commit = (lines: readonly string[], caller: Caller) =>
    wing.datasets.commit({ name: 't', format: 'csv', content: Buffer.from(`${lines.join('\n')}\n`) }, caller);
  const split = (input: object, caller: Caller) =>
    wing.datasets.split({ name: 't', version: 'latest', by: 'time', ...input }, caller);
  async function daysOf(reference: string, caller: Caller): Promise<string[]> {
    const [name = '', version = ''] = reference.split('@');
    const { content } = await wing.datasets.read({ name, version, format: 'json' }, caller);
    return (JSON.parse(await textOf(content)) as { day: string }[]).map(({ day }) => day);
  }

  it('begins a part at each, names them as usual, and says which shares that gave', async () => {
    const caller = freshCaller();
    await commit(['day,n', ...days.map((day, i) => `${day},${i}`)], caller);
    const made = await split({ at: ['2023-01-01', '2023-06-01'] }, caller);
    expect(made).toMatchObject({
      columns: ['day'],
      at: ['2023-01-01T00:00:00.000Z', '2023-06-01T00:00:00.000Z'],
      parts: [
        { name: 'train', share: 2 / 6, rows: 2 },
        { name: 'valid', share: 3 / 6, rows: 3 },
        { name: 'test', share: 1 / 6, rows: 1 },
      ],
    });
    const found = await Promise.all(made.parts.map(({ reference }) => daysOf(reference, caller)));
    expect(found).toEqual([days.slice(0, 2), days.slice(2, 5), days.slice(5)]);
    expect(await split({ at: ['2023-01-01T00:00Z', '2023-06-01'] }, caller)).toEqual(made);
    await expect(split({ at: ['2023-01-02', '2023-06-01'] }, caller)).rejects.toMatchObject({
      code: 'datasetSplitExists',
    });
    expect((await wing.datasets.listSplits({ name: 't', version: '1' }, caller)).items).toEqual([made]);
  });

  it('goes by the time of day and by zones, where the column has times', async () => {
    const caller = freshCaller();
    const times = ['2023-01-01 11:59:59', '2023-01-01 12:00:00', '2023-01-01 12:00:01'];
    await commit(['day', ...times], caller);
    const parts = [{ name: 'old' }, { name: 'new' }];
    const made = await split({ at: ['2023-01-01T14:00:00+02:00'], parts }, caller);
    expect(made.parts.map(({ name, rows }) => [name, rows])).toEqual([
      ['old', 1],
      ['new', 2],
    ]);
  });

  it.each([
    [{ at: ['2023-13-01'] }, /'2023-13-01' is no instant/],
    [{ at: ['2023-02-30'] }, /'2023-02-30' is no instant/],
    [{ at: ['yesterday'] }, /'yesterday' is no instant/],
    [{ at: ['2023-06-01', '2023-01-01'] }, /do not ascend/],
    [{ at: ['2024-01-01'] }, /the part 'test' would have no rows/],
    [{ at: ['2023-01-01'], columns: ['n'] }, /'n' is integer, and instants cut a date or a timestamp/],
    [{ at: ['2023-01-01'], columns: ['gap'] }, /'gap' is missing in 1 rows/],
    [{ at: ['2023-01-01'] }, /goes by one column/],
    [{ at: ['2023-01-01'], by: 'row', columns: [] }, /instants cut by time alone/],
    [
      { at: ['2023-01-01'], parts: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
      /2 parts, and 3 are named/,
    ],
    [{ at: ['2023-01-01'], parts: [{ name: 'a', share: 0.5 }, { name: 'b' }] }, /the instants cut already/],
    [{ parts: [{ name: 'a' }, { name: 'b' }], columns: ['day'] }, /the part 'a' has no share/],
    [{ columns: ['day'] }, /its parts have no shares/],
  ])('%j is refused', async (input, message) => {
    const caller = freshCaller();
    await commit(['day,gap,n', ...days.map((day, i) => `${day},${i === 3 ? '' : day},${i}`)], caller);
    const hasOneTime = 'columns' in input || message.source.includes('one column');
    await expect(split(hasOneTime ? input : { columns: ['day'], ...input }, caller)).rejects.toThrow(message);
  });
});
