import type { RunUpdate } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';
import type { MetricValue } from './rules.ts';
import { mostWatchers } from './watch-verbs.ts';

describeEachDatabase('watching a run', (open: OpenDatabase) => {
  let own: TestExperiments;
  /** Another process on the same database. */
  let other: TestExperiments;
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };

  beforeAll(async () => {
    own = await createTestExperiments(await open());
    other = await createTestExperiments(await open());
  });
  afterAll(async () => {
    await own.close();
    await other.close();
  });

  const newRun = async () =>
    (await own.experiments.createRun({ experimentId: '0', name: 'live' }, caller)).id;
  const point = (key: string, step: number, value: number): MetricValue => ({
    key,
    step,
    value,
    timestamp: 1_700_000_000_000 + step,
  });
  const log = (id: string, metrics: readonly MetricValue[], tags: Record<string, string> = {}) =>
    other.experiments.log(
      id,
      { metrics, parameters: [], tags: Object.entries(tags).map(([key, value]) => ({ key, value })) },
      caller.workspace,
    );

  async function* updatesOf(id: string, signal: AbortSignal): AsyncGenerator<RunUpdate> {
    const { content, mediaType } = await own.experiments.watchRun({ id }, caller, signal);
    expect(mediaType).toBe('text/event-stream');
    for await (const bytes of content as AsyncIterable<Uint8Array>)
      for (const line of Buffer.from(bytes).toString().split('\n'))
        if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as RunUpdate;
  }
  async function nextOf(updates: AsyncGenerator<RunUpdate>): Promise<RunUpdate> {
    const { value, done } = await updates.next();
    if (done) throw new Error('the stream ended');
    return value;
  }

  test('everything first, then what is new, until the end; whoever writes it', async () => {
    const id = await newRun();
    await log(id, [point('loss', 0, 3), point('nan', 0, Number.NaN)], { team: 'blue' });
    const updates = updatesOf(id, new AbortController().signal);
    const first = await nextOf(updates);
    expect(first).toMatchObject({ runId: id, name: 'live', status: 'RUNNING', isLast: false });
    expect(first.metrics.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      point('loss', 0, 3),
      { ...point('nan', 0, 0), value: null },
    ]);
    expect(first.tags).toMatchObject({ team: 'blue', 'mlflow.runName': 'live' });

    const next = nextOf(updates);
    await log(id, [point('loss', 1, 2), point('mae', 1, 1)], { team: 'red', more: '1' });
    const changed = await next;
    expect(changed.metrics.map(({ key }) => key).toSorted()).toEqual(['loss', 'mae']);
    expect(changed.tags).toEqual({ team: 'red', more: '1' });

    const gone = nextOf(updates);
    await other.experiments.deleteTag(id, 'more', caller.workspace);
    expect(await gone).toMatchObject({ metrics: [], tags: {}, removedTags: ['more'] });

    const last = nextOf(updates);
    await other.experiments.changeRun({ id, status: 'FINISHED' }, caller);
    expect(await last).toMatchObject({ status: 'FINISHED', isLast: true, endedAt: expect.any(Number) });
    expect((await updates.next()).done).toBe(true);
  });

  test('what happens between two reads comes as one', async () => {
    const id = await newRun();
    const updates = updatesOf(id, new AbortController().signal);
    await nextOf(updates);
    for (let step = 0; step < 200; step += 1) await log(id, [point('loss', step, step)]);
    let count = 0;
    for (let latest = -1; latest < 199; count += 1) latest = (await nextOf(updates)).metrics[0]?.step ?? -1;
    expect(count).toBeLessThan(40);
    await updates.return(undefined);
  });

  test('an ended run is told at once and no more; one deleted meanwhile ends', async () => {
    const id = await newRun();
    await own.experiments.changeRun({ id, status: 'KILLED' }, caller);
    const ended = updatesOf(id, new AbortController().signal);
    expect(await nextOf(ended)).toMatchObject({ status: 'KILLED', isLast: true });
    expect((await ended.next()).done).toBe(true);

    const doomed = await newRun();
    const updates = updatesOf(doomed, new AbortController().signal);
    await nextOf(updates);
    await own.experiments.deleteRun(doomed, caller);
    expect(await nextOf(updates)).toMatchObject({ isLast: true });
    expect((await updates.next()).done).toBe(true);
  });

  test('two watch the same run; the second is told everything, too', async () => {
    const id = await newRun();
    await log(id, [point('loss', 0, 3)]);
    const [a, b] = [0, 1].map(() => updatesOf(id, new AbortController().signal));
    if (!a || !b) throw new Error('unreachable');
    expect((await nextOf(a)).metrics).toHaveLength(1);
    expect((await nextOf(b)).metrics).toHaveLength(1);
    await log(id, [point('loss', 1, 2)]);
    expect((await nextOf(a)).metrics[0]?.step).toBe(1);
    expect((await nextOf(b)).metrics[0]?.step).toBe(1);
    await Promise.all([a.return(undefined), b.return(undefined)]);
  });

  test('a reader who leaves is forgotten, and too many are refused', async () => {
    const id = await newRun();
    const leaving = new AbortController();
    const all = Array.from({ length: mostWatchers }, () => updatesOf(id, leaving.signal));
    await Promise.all(all.map(nextOf));
    const refused = own.experiments.watchRun({ id }, caller, leaving.signal);
    await expect(refused).rejects.toMatchObject({ code: 'runWatchersFull', status: 429 });
    leaving.abort();
    await Promise.all(all.map((updates) => updates.next()));
    const again = updatesOf(id, new AbortController().signal);
    await nextOf(again);
    await again.return(undefined);
  });

  test('a run that is not there, or of another workspace, is refused before the stream begins', async () => {
    const id = await newRun();
    const { signal } = new AbortController();
    const unknown = own.experiments.watchRun({ id: 'f'.repeat(32) }, caller, signal);
    await expect(unknown).rejects.toMatchObject({ code: 'runNotFound' });
    const foreign = own.experiments.watchRun({ id }, { ...caller, workspace: 'other' }, signal);
    await expect(foreign).rejects.toMatchObject({ code: 'runNotFound' });
  });
});
