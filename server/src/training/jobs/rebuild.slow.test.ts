import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJob } from '@tidemill/contract';
import { afterEach, expect, test } from 'vitest';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { onlyWheelsOf, writeWheel } from '../../testing/tiny-wheel.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';

/** Making an environment by Python alone takes seconds, on a busy machine many. */
const patience = 120_000;

describeEachDatabase('runs made again', (open) => {
  let wing: TrainingWing;
  afterEach(() => wing.close());

  async function prepare(workspace: string) {
    wing = await createTrainingWing(await open());
    await writeWheel(wing.folder, 'tiny', '1.0');
    const caller = callerIn(workspace);
    const ended = async (submitting: Promise<{ id: string }>) => {
      const job = await until(wing.jobs, (await submitting).id, caller, isEnded, patience);
      expect(job).toMatchObject({ state: 'succeeded', error: null });
      return { ...job, runId: job.runId ?? '' };
    };
    return { caller, ended };
  }

  async function toJob(script: string): Promise<CommandJob> {
    const store = async (text: string) => (await wing.jobs.putFile({ content: Buffer.from(text) })).sha256;
    const code = [
      { path: 'train.py', sha256: await store(script) },
      { path: 'requirements.txt', sha256: await store('tiny') },
    ];
    const environment = onlyWheelsOf(wing.folder);
    return { experiment: 'rebuilds', command: ['python3', 'train.py'], code, environment, seed: 3 };
  }

  test('the same comes out, in an environment from the lock; what was read beside the inputs is found out', {
    timeout: patience,
  }, async () => {
    const { caller, ended } = await prepare('rebuilt');
    const outside = join(wing.folder, 'outside.csv');
    await writeFile(outside, '1\n2\n');
    const script = `import os, tiny
open("../outputs/model.txt", "w").write(tiny.version + os.environ["PYTHONHASHSEED"])
open("../outputs/sum.txt", "w").write(str(sum(map(int, open("${outside}")))))
`;
    const first = await ended(wing.jobs.submitCommand(await toJob(script), caller));
    // A newer version came out: the lock says which one it was.
    await writeWheel(wing.folder, 'tiny', '2.0');
    const again = await ended(wing.jobs.rebuild({ id: first.runId }, caller));
    expect(again.progress.environment).toMatch(/from requirements\.lock by/);
    const verdicts = async () => (await wing.jobs.rebuilds({ id: first.runId }, caller)).items;
    expect(await verdicts()).toMatchObject([
      { jobId: again.id, runId: first.runId, result: { verdict: 'equal' } },
    ]);
    expect((await wing.experiments.getRun({ id: again.runId }, caller)).tags).toMatchObject({
      'tidemill.rebuildOf': first.runId,
    });
    const { upstream } = await wing.lineage.lineage({ uri: `run:${again.runId}` }, caller);
    expect(upstream).toMatchObject([{ from: `run:${first.runId}`, relation: 'rebuilt' }]);

    await ended(wing.jobs.rebuild({ id: again.runId }, caller));
    expect((await wing.jobs.rebuilds({ id: again.runId }, caller)).items).toMatchObject([
      { runId: again.runId, result: { verdict: 'equal' } },
    ]);

    await writeFile(outside, '1\n3\n');
    const other = await ended(wing.jobs.rebuild({ id: first.runId }, caller));
    expect((await verdicts())[0]).toMatchObject({
      jobId: other.id,
      result: {
        verdict: 'different',
        files: [
          { path: 'model.txt', verdict: 'equal' },
          { path: 'sum.txt', verdict: 'differs' },
        ],
      },
    });
  });

  test('what is missing is told before anything runs', async () => {
    const { caller, ended } = await prepare('missing');
    const plain = { experiment: 'rebuilds', command: ['true'] };
    const reject = (id: string, reason: RegExp) =>
      expect(wing.jobs.rebuild({ id }, caller)).rejects.toMatchObject({
        code: 'rebuildImpossible',
        message: expect.stringMatching(reason),
      });
    const here = await ended(wing.jobs.submitCommand({ ...plain, workingDirectory: '/tmp' }, caller));
    await reject(here.runId, /folder \/tmp itself/);
    await commitCsv(wing, 'days', buildTrainingCsv(20, 3, 900), caller);
    const read = await ended(wing.jobs.submitCommand({ ...plain, inputs: ['days@1'] }, caller));
    await wing.experiments.deleteArtifacts(read.runId, 'tidemill/requirements.lock', caller);
    await reject(read.runId, /the lock of its environment is gone/);
    const outside = await wing.experiments.ensureExperiment('rebuilds', caller);
    const run = await wing.experiments.createRun({ experimentId: outside.id }, caller);
    await reject(run.id, /no job made it/);
    await expect(wing.jobs.rebuild({ id: 'f'.repeat(32) }, caller)).rejects.toMatchObject({
      code: 'runNotFound',
    });
    expect((await wing.jobs.list({}, caller)).items).toHaveLength(2);
  });
});
