import { mostJobFileText } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import { callerIn, textOf } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTrainingWing, isEnded, type TrainingWing, until } from '../../../testing/training-wing.ts';

describeEachDatabase('the files of a job', (open) => {
  let wing: TrainingWing;
  afterEach(() => wing.close());

  const commit = 'a'.repeat(40);

  test('are listed by pages with their sizes, and read as text or whole, long after it ended', async () => {
    wing = await createTrainingWing(await open());
    const caller = callerIn('kept');
    const store = async (content: string | Buffer) =>
      (await wing.jobs.putFile({ content: Buffer.from(content) })).sha256;
    const long = `é${'x'.repeat(mostJobFileText - 3)}é more`;
    const script = await store('\ufeffprint("ü")\n');
    const job = await wing.jobs.submitCommand(
      {
        experiment: 'kept',
        command: ['sh', '-c', 'ln -s /etc/passwd link; rm train.py'],
        code: [
          { path: 'train.py', sha256: script },
          { path: 'src/empty.py', sha256: await store('') },
          { path: 'src/long.txt', sha256: await store(long) },
          { path: 'weights.bin', sha256: await store(Buffer.from([1, 0, 2])), executable: true },
          { path: 'latin.txt', sha256: await store(Buffer.from([0xe9, 0x20])) },
        ],
        files: [{ path: 'prices.csv', sha256: await store('a,b\n') }],
        revision: { commit, diff: await store('--- a\n+++ b\n') },
      },
      caller,
    );
    await until(wing.jobs, job.id, caller, isEnded);
    const { id } = job;

    const first = await wing.jobs.listFiles({ id, limit: 3 }, caller);
    const second = await wing.jobs.listFiles({ id, limit: 3, cursor: first.nextCursor ?? '' }, caller);
    expect(second.nextCursor).toBeNull();
    const all = [...first.items, ...second.items];
    expect(Object.fromEntries(all.map(({ path, size }) => [path, size]))).toEqual({
      ...{ 'latin.txt': 2, 'src/empty.py': 0, 'src/long.txt': long.length + 2, 'train.py': 15 },
      'weights.bin': 3,
    });
    expect(all.find(({ path }) => path === 'train.py')).toMatchObject({ sha256: script, executable: false });
    const inputs = await wing.jobs.listFiles({ id, role: 'input' }, caller);
    expect(inputs.items.map(({ path }) => path)).toEqual(['prices.csv']);

    const read = (path: string) => wing.jobs.getFile({ id, path }, caller);
    expect(await read('train.py')).toMatchObject({
      text: '\ufeffprint("ü")\n',
      isBinary: false,
      isWhole: true,
    });
    expect(await read('src/empty.py')).toMatchObject({ text: '', size: 0, isWhole: true });
    // The letter that the limit cuts in two is left out.
    expect(await read('src/long.txt')).toMatchObject({ text: long.slice(0, -6), isWhole: false });
    const binary = { text: null, isBinary: true, isWhole: false };
    expect(await read('weights.bin')).toMatchObject({ ...binary, executable: true });
    expect(await read('latin.txt')).toMatchObject(binary);
    const diff = await wing.jobs.getFile({ id, path: 'code.diff', role: 'diff' }, caller);
    expect(diff.text).toBe('--- a\n+++ b\n');
    const whole = await wing.jobs.downloadFile({ id, path: 'src/long.txt' }, caller);
    expect(await textOf(whole.content)).toBe(long);
    expect(whole).toMatchObject({ fileName: 'long.txt', mediaType: 'application/octet-stream' });

    for (const path of ['../params.json', '/etc/passwd', 'src/../train.py', 'link', 'prices.csv', 'a\0b'])
      await expect(read(path)).rejects.toMatchObject({ code: 'jobFileNotFound', status: 404 });
    await expect(wing.jobs.listFiles({ id }, callerIn('elsewhere'))).rejects.toMatchObject({
      code: 'jobNotFound',
    });
  });
});
