import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';

let wing: DataWing;
beforeAll(async () => {
  wing = await createDataWing(await openSqlite({ file: ':memory:', durability: 'process' }));
});
afterAll(() => wing.close());

// Names that the engine has its own columns under.
test.each(['rowid', 'filename', 'row_number', 'rowId', 'main', 'file_row_number', 'File_Index'])(
  "a column called '%s' is a column like any other",
  async (name) => {
    const caller = callerIn(`hostile-${name}`);
    const rows = 40_000;
    const lines = Array.from({ length: rows }, (_, i) => `${rows - i},x${i % 7}`);
    const commit = (content: string) =>
      wing.datasets.commit({ name: 't', format: 'csv', content: Buffer.from(content) }, caller);
    const version = await commit(`${name},b\n${lines.join('\n')}\n`);
    expect(version.chunks).toBeGreaterThan(1);
    const sums = async (reference: string) => {
      const table = await wing.datasets.source(await wing.datasets.resolve(reference, caller.workspace));
      const { rows: found } = await wing.analytics.query({
        sql: `select count(*)::double as n, sum("${name}")::double as s, count(distinct "${name}")::double as d from t`,
        tables: { t: table },
      });
      return found[0];
    };
    expect(await sums('t@1')).toEqual({ n: rows, s: (rows * (rows + 1)) / 2, d: rows });
    const changed = lines.map((line, i) => (i % 100 === 0 ? `${rows - i},y` : line));
    await commit(`${name},b\n${changed.join('\n')}\n`);
    expect(await sums('t@2')).toEqual({ n: rows, s: (rows * (rows + 1)) / 2, d: rows });
    const diff = await wing.datasets.diff({ name: 't', from: '1', to: '2', key: name }, caller);
    expect(diff).toMatchObject({ added: 0, removed: 0, changed: 400 });
    for (const { key, before, after } of diff.sample.changed)
      expect([before[name], after[name], after.b]).toEqual([key[name], key[name], 'y']);
    expect(new Set(diff.sample.changed.map(({ key }) => key[name])).size).toBe(diff.sample.changed.length);
    const more = `${name},b\n7,new\n${rows + 1},new\n`;
    const upsert = { name: 't', format: 'csv', mode: 'upsert', key: name } as const;
    await wing.datasets.commit({ ...upsert, content: Buffer.from(more) }, caller);
    expect(await sums('t@3')).toEqual({ n: rows + 1, s: ((rows + 1) * (rows + 2)) / 2, d: rows + 1 });
    expect(await wing.datasets.diff({ name: 't', from: '2', to: '3', key: name }, caller)).toMatchObject({
      added: 1,
      removed: 0,
      changed: 1,
    });
    const parts = [
      { name: 'train', share: 0.8 },
      { name: 'test', share: 0.2 },
    ];
    const { parts: made } = await wing.datasets.split(
      { name: 't', version: '3', by: 'hash', columns: [name], parts },
      caller,
    );
    expect(made.reduce((sum, part) => sum + part.rows, 0)).toBe(rows + 1);
    const [train] = made;
    expect((await sums(train?.reference ?? ''))?.d).toBe(train?.rows);
  },
);

test.each(['__tidemill_row'])("a column cannot be called '%s', and it is said how else", async (name) => {
  const content = Buffer.from(`${name},b\n1,2\n`);
  const commit = (more: object) =>
    wing.datasets.commit({ name: 't', format: 'csv', content, ...more }, callerIn(`refused-${name}`));
  await expect(commit({})).rejects.toMatchObject({
    code: 'datasetColumnReserved',
    details: { column: name },
  });
  expect(await commit({ mapping: `place=${name}` })).toMatchObject({
    columns: [{ name: 'place' }, { name: 'b' }],
  });
});
