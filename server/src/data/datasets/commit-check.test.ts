import { afterAll, beforeAll, expect, test } from 'vitest';
import { errors } from '../../base/errors.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import type { CommitCandidate } from './commit-check.ts';
import { createDatasets, type Datasets } from './service.ts';

describeEachDatabase('a check of commits', (open) => {
  let wing: DataWing;
  let datasets: Datasets;
  const seen: { rows: number; digest: string; before: string | null }[] = [];
  const recorded: string[] = [];
  const caller = callerIn('checked');
  const commit = (content: string, mode: 'replace' | 'append' = 'replace') =>
    datasets.commit({ name: 'prices', format: 'csv', mode, content: Buffer.from(content) }, caller);
  const latest = () => datasets.find({ name: 'prices', version: 'latest' }, caller.workspace);

  async function look({ table, before, digest }: CommitCandidate): Promise<number> {
    const { rows } = await wing.analytics.query({
      sql: 'select count(*) as n from seen',
      tables: { seen: await table() },
    });
    const count = Number(rows[0]?.n);
    seen.push({ rows: count, digest, before: (await before())?.reference ?? null });
    return count;
  }

  beforeAll(async () => {
    wing = await createDataWing(await open());
    datasets = createDatasets({
      ...wing,
      async checkCommit(candidate) {
        const rows = await look(candidate);
        if (rows > 3) throw errors.datasetColumnNotFound({ reference: 'x', column: 'y', known: 'z' });
        const status = rows > 2 ? 'warned' : 'passed';
        return { status, record: async (_tx, version) => void recorded.push(version.reference) };
      },
    });
  });
  afterAll(() => wing.close());

  test('sees the rows before they are a version, and marks it', async () => {
    expect(await commit('a\n1\n2\n')).toMatchObject({ reference: 'prices@1', validation: 'passed' });
    expect(await commit('a\n3\n', 'append')).toMatchObject({ reference: 'prices@2', validation: 'warned' });
    expect(seen.map(({ rows, before }) => [rows, before])).toEqual([
      [2, null],
      [3, 'prices@1'],
    ]);
    expect((await latest())?.digest).toBe(seen[1]?.digest);
    expect((await latest())?.validation).toBe('warned');
    expect(recorded).toEqual(['prices@1', 'prices@2']);
  });

  test('keeps rows from becoming a version', async () => {
    await expect(commit('a\n4\n', 'append')).rejects.toMatchObject({ code: 'datasetColumnNotFound' });
    expect(await latest()).toMatchObject({ reference: 'prices@2', rows: 3 });
    expect(
      await wing.datasets.commit(
        { name: 'unchecked', format: 'csv', content: Buffer.from('a\n1\n') },
        caller,
      ),
    ).toMatchObject({ validation: 'none' });
  });
});
