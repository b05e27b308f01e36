import { createHash } from 'node:crypto';
import type { CommandJob, Job } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';

describeEachDatabase('finished runs, taken again', (open) => {
  let wing: TrainingWing;
  let seed = 300;
  afterEach(() => wing.close());

  async function prepare(workspace: string) {
    wing = await createTrainingWing(await open());
    return callerIn(workspace);
  }

  async function store(text: string) {
    await wing.jobs.putFile({ content: Buffer.from(text) });
    return createHash('sha256').update(text).digest('hex');
  }

  const train = async (
    change: Partial<CommandJob> = {},
    text = 'echo $1 > outputs/model.txt',
  ): Promise<CommandJob> => ({
    ...{ experiment: 'cache', command: ['sh', 'train.sh', '1'] },
    code: [{ path: 'train.sh', sha256: await store(text.replace('outputs', '../outputs')) }],
    ...change,
  });

  async function run(input: CommandJob, caller: Caller): Promise<Job> {
    const { id } = await wing.jobs.submitCommand(input, caller);
    const job = await until(wing.jobs, id, caller, isEnded);
    expect(job).toMatchObject({ state: 'succeeded', error: null });
    return job;
  }

  const submit = async (input: CommandJob, caller: Caller) =>
    wing.jobs.submitCommand({ ...input, cache: true }, caller);
  const missOf = ({ cacheMiss }: Job) => cacheMiss?.differs;

  test('the same command on the same things is taken, and nothing is run', async () => {
    const caller = await prepare('same');
    await commitCsv(wing, 'prices', buildTrainingCsv(20, 3, ++seed), caller);
    const input = await train({ inputs: ['prices@latest'], parameters: { lr: 0.1, depth: 3 }, seed: 7 });
    const first = await run(input, caller);
    expect(first).toMatchObject({ cachedFrom: null, cacheMiss: null });
    await wing.experiments.logBatch({ id: first.runId ?? '', metrics: [{ key: 'mae', value: 2.5 }] }, caller);

    const taken = await submit({ ...input, parameters: { depth: 3, lr: 0.1 }, inputs: ['prices@1'] }, caller);
    expect(taken).toMatchObject({
      ...{ state: 'succeeded', runId: first.runId, attempt: 0, cacheMiss: null },
      cachedFrom: {
        ...{ jobId: first.id, runId: first.runId, experiment: 'cache', metrics: { mae: 2.5 } },
        same: expect.arrayContaining([
          "the command 'sh train.sh 1'",
          'the code (1 file)',
          'the inputs prices@1',
        ]),
      },
    });
    expect(taken.id).not.toBe(first.id);
    expect((await wing.jobs.list({}, caller)).items.map(({ id }) => id)).toEqual([taken.id, first.id]);
    // Without asking for it nothing changes.
    expect((await run(input, caller)).runId).not.toBe(first.runId);
  });

  test('a miss says what differs from the nearest run', async () => {
    const caller = await prepare('misses');
    await commitCsv(wing, 'prices', buildTrainingCsv(20, 3, ++seed), caller);
    await commitCsv(wing, 'prices', buildTrainingCsv(20, 3, ++seed), caller);
    const input = await train({ inputs: ['prices@1'], parameters: { lr: 0.1 }, environment: { MODE: 'a' } });
    const alone = await submit(input, caller);
    expect(alone.cacheMiss).toEqual({ nearest: null, differs: [] });
    await until(wing.jobs, alone.id, caller, isEnded);
    const miss = async (change: Partial<CommandJob>) => {
      const job = await submit({ ...input, ...change }, caller);
      await wing.jobs.cancel({ id: job.id }, caller).catch(() => undefined);
      expect(job.cacheMiss?.nearest?.jobId).toBe(alone.id);
      return missOf(job);
    };
    const { code } = await train({}, 'echo 2');
    expect(await miss({ code: code ?? [] })).toEqual(['the code differs: train.sh']);
    const more = [...(input.code ?? []), { path: 'new.py', sha256: code?.[0]?.sha256 ?? '' }];
    expect(await miss({ code: more })).toEqual(['the code differs: new.py is new']);
    expect(await miss({ command: ['sh', 'train.sh', '2'] })).toEqual([
      "the command differs: 'sh train.sh 2' instead of 'sh train.sh 1'",
    ]);
    expect(await miss({ inputs: ['prices@2'], seed: 3 })).toEqual([
      'the inputs differ: prices@2 instead of prices@1',
      'the seed differs: 3 instead of none',
    ]);
    expect(await miss({ parameters: { lr: 0.2, depth: 3 } })).toEqual([
      'the parameters differ: depth 3 is new, lr 0.2 instead of 0.1',
    ]);
    expect(await miss({ environment: { MODE: 'b' } })).toEqual(['the variables differ: MODE b instead of a']);
  });

  test('what failed, was deleted or lost a file does not count', async () => {
    const caller = await prepare('gone');
    const failing = await train({}, 'exit 3');
    const failed = await wing.jobs.submitCommand(failing, caller);
    await until(wing.jobs, failed.id, caller, isEnded);
    expect((await submit(failing, caller)).cachedFrom).toBeNull();

    const input = await train();
    const first = await run(input, caller);
    const second = await run(input, caller);
    expect((await submit(input, caller)).cachedFrom?.jobId).toBe(second.id);
    await wing.experiments.deleteRun(second.runId ?? '', caller);
    expect((await submit(input, caller)).cachedFrom?.jobId).toBe(first.id);
    await wing.experiments.deleteArtifacts(first.runId ?? '', 'model.txt', caller);
    const again = await submit(input, caller);
    expect(again.cachedFrom).toBeNull();
    expect(missOf(again)).toEqual(['its run was deleted or changed, or files of it were deleted']);
  });

  test('of two submissions at once one runs, and both get it', async () => {
    const caller = await prepare('at-once');
    const input = await train({}, 'echo 1 > outputs/model.txt');
    const jobs = await Promise.all([1, 2, 3].map(() => submit(input, caller)));
    const ran = jobs.map(({ id, cachedFrom }) => cachedFrom?.jobId ?? id);
    expect(new Set(ran).size).toBe(1);
    const id = jobs.find(({ cachedFrom, joined }) => !cachedFrom && !joined)?.id ?? '';
    await until(wing.jobs, id, caller, isEnded);
    expect((await submit(input, caller)).cachedFrom?.jobId).toBe(id);
  });

  test('a folder that somebody works in cannot be vouched for', async () => {
    const caller = await prepare('in-place');
    const input = { experiment: 'cache', command: ['true'], workingDirectory: '/tmp' };
    await expect(submit(input, caller)).rejects.toMatchObject({ code: 'jobNotCached' });
    await run(input, caller);
  });
});
