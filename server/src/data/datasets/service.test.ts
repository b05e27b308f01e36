import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

const header = 'date,symbol,close\n';
const csv = (...lines: string[]): Buffer => Buffer.from(`${header}${lines.join('\n')}\n`);
const first = csv('2023-08-30,AAPL,187.65', '2023-08-31,AAPL,187.87');

let wing: DataWing;
let workspaces = 0;
const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
const csvUpload = (content: Buffer, more: object = {}) => ({
  name: 'prices',
  format: 'csv' as const,
  content,
  ...more,
});

describeEachDatabase('datasets', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  describe('a commit', () => {
    it('becomes version 1 with typed columns, lineage and an audit row', async () => {
      const caller = freshCaller();
      const version = await wing.datasets.commit(
        csvUpload(first, { message: 'to August', tag: '2023-08' }),
        caller,
      );
      expect(version).toMatchObject({
        dataset: 'prices',
        version: 1,
        reference: 'prices@1',
        uri: 'dataset:prices@1',
        rows: 2,
        chunks: 1,
        parent: null,
        message: 'to August',
        tags: ['2023-08'],
        unchanged: false,
        createdBy: 'user:tester',
        provenance: { kind: 'upload', inputs: [], detail: { format: 'csv', mode: 'replace' } },
        columns: [
          { name: 'date', type: 'date' },
          { name: 'symbol', type: 'text' },
          { name: 'close', type: 'double' },
        ],
      });
      expect(await wing.lineage.findNode(caller.workspace, 'dataset:prices@1')).toMatchObject({
        digest: version.digest,
      });
      expect(await wing.datasets.resolve('dataset:prices@2023-08', caller.workspace)).toMatchObject({
        version: 1,
      });
      expect(await wing.datasets.get({ name: 'prices' }, caller)).toMatchObject({
        latestVersion: 1,
        rows: 2,
      });
    });

    it('of equal content is the version that is there, and may add a tag to it', async () => {
      const caller = freshCaller();
      const one = await wing.datasets.commit(csvUpload(first), caller);
      const again = await wing.datasets.commit(csvUpload(first, { tag: 'again' }), caller);
      expect(again).toEqual({ ...one, unchanged: true, tags: ['again'] });
      expect((await wing.datasets.listVersions({ name: 'prices' }, caller)).items).toHaveLength(1);
    });

    it('has the same digest however the rows arrive', async () => {
      const caller = freshCaller();
      const one = await wing.datasets.commit(csvUpload(first), caller);
      const download = await wing.datasets.read({ name: 'prices', version: '1', format: 'ndjson' }, caller);
      const lines = Buffer.from(await textOf(download.content));
      const other = await wing.datasets.commit({ name: 'copy', format: 'ndjson', content: lines }, caller);
      expect(other.digest).toBe(one.digest);
    });

    it('at the same time as others gets a number of its own', async () => {
      const caller = freshCaller();
      const contents = [1, 2, 3, 4].map((close) => csv(`2023-08-30,AAPL,${close}`));
      const versions = await Promise.all(
        contents.map((content) => wing.datasets.commit(csvUpload(content), caller)),
      );
      expect(versions.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
      const listed = await wing.datasets.listVersions({ name: 'prices' }, caller);
      expect(listed.items.map(({ version, parent }) => [version, parent])).toEqual([
        [4, 3],
        [3, 2],
        [2, 1],
        [1, null],
      ]);
    });

    it('leaves nothing in the temporary folder', async () => {
      await wing.datasets.commit(csvUpload(first), freshCaller());
      expect(await readdir(wing.tempFolder)).toEqual([]);
    });

    it('reads foreign headers and dates by a mapping', async () => {
      const content = Buffer.from('Date,Close/Last\n08/31/2023,$187.87\n');
      const mapping = 'date=Date,close=Close/Last';
      const caller = freshCaller();
      const version = await wing.datasets.commit(
        csvUpload(content, { mapping, dateFormat: '%m/%d/%Y' }),
        caller,
      );
      expect(version.columns).toEqual([
        { name: 'date', type: 'date' },
        { name: 'close', type: 'double' },
      ]);
    });
  });

  describe('a bad upload', () => {
    const refused: [string, Buffer, object, RegExp][] = [
      ['no bytes', Buffer.alloc(0), {}, /prices\.csv is empty \(0 bytes\)/],
      ['only a header', Buffer.from(header), {}, /prices\.csv has a header but no rows/],
      ['a torn line', csv('2023-08-30,AAPL,1', '2023-08-31,AAPL'), {}, /prices\.csv, line 3/],
      ['one name twice', Buffer.from('a,a\n1,2\n'), {}, /prices\.csv.*'a'/],
      ['a column the mapping names', first, { mapping: 'x=Nope' }, /'Nope'.*date, symbol, close/],
      ['a broken mapping', first, { mapping: 'date' }, /does not name a column on both sides/],
      ['a tag that is a number', first, { tag: '7' }, /'7' cannot be a tag/],
    ];
    it.each(refused)('with %s is refused, and nothing becomes visible', async (_, content, more, message) => {
      const caller = freshCaller();
      await expect(wing.datasets.commit(csvUpload(content, more), caller)).rejects.toThrow(message);
      expect((await wing.datasets.list({}, caller)).items).toEqual([]);
      expect(await readdir(wing.tempFolder)).toEqual([]);
    });
  });

  describe('an append', () => {
    it('gives the digest of the whole file', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first), caller);
      const content = csv('2023-09-01,AAPL,189');
      const grown = await wing.datasets.commit(csvUpload(content, { mode: 'append' }), caller);
      expect(grown).toMatchObject({ version: 2, rows: 3, parent: 1, chunks: 1, unchanged: false });
      const whole = csv('2023-08-30,AAPL,187.65', '2023-08-31,AAPL,187.87', '2023-09-01,AAPL,189');
      const other = await wing.datasets.commit({ name: 'whole', format: 'csv', content: whole }, caller);
      expect(grown.digest).toBe(other.digest);
      expect(await wing.lineage.lineage({ uri: grown.uri }, caller)).toMatchObject({
        upstream: [{ from: 'dataset:prices@1', relation: 'append' }],
      });
    });

    it('orders columns by name and takes columns without values', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first), caller);
      const content = Buffer.from(JSON.stringify([{ close: null, symbol: 'AAPL', date: '2023-09-01' }]));
      await wing.datasets.commit({ name: 'prices', format: 'json', mode: 'append', content }, caller);
      const read = await wing.datasets.read(
        { name: 'prices', version: '2', format: 'csv', offset: 2 },
        caller,
      );
      expect(await textOf(read.content)).toBe(`${header}2023-09-01,AAPL,\n`);
    });

    it('names what does not fit', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first), caller);
      const append = (content: string) =>
        wing.datasets.commit(csvUpload(Buffer.from(content), { mode: 'append' }), caller);
      await expect(append('date,symbol,volume\n2023-09-01,AAPL,5\n')).rejects.toThrow(
        "The rows do not fit prices@1: 'close' is missing, 'volume' is new",
      );
      await expect(append(`${header}2023-09-01,AAPL,five\n`)).rejects.toThrow(
        /line 2, column 'close': 'five' is not/,
      );
      expect((await wing.datasets.get({ name: 'prices' }, caller)).latestVersion).toBe(1);
    });

    it('loses no row when the first ones come at the same time, typed by whichever came first', async () => {
      const caller = freshCaller();
      const append = (value: string) =>
        wing.datasets.commit(
          { name: 'new', format: 'csv', mode: 'append', content: Buffer.from(`x\n${value}\n`) },
          caller,
        );
      await Promise.all(['1.5', '2.5', '3.5', '4.5', '5.5'].map(append));
      expect(await wing.datasets.getVersion({ name: 'new', version: 'latest' }, caller)).toMatchObject({
        version: 5,
        rows: 5,
        columns: [{ name: 'x', type: 'double' }],
      });
    });

    it('loses no row when others append at the same time, not even an equal one', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first), caller);
      const days = ['01', '02', '02', '03'];
      await Promise.all(
        days.map((day) =>
          wing.datasets.commit(csvUpload(csv(`2023-09-${day},AAPL,1`), { mode: 'append' }), caller),
        ),
      );
      expect(await wing.datasets.get({ name: 'prices' }, caller)).toMatchObject({
        latestVersion: 5,
        rows: 6,
      });
    });
  });

  describe('reading', () => {
    it('gives chosen rows and columns in each format', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first), caller);
      const tags = new Set<string | undefined>();
      const read = async (input: object) => {
        const download = await wing.datasets.read({ name: 'prices', version: 'latest', ...input }, caller);
        tags.add(download.etag);
        return textOf(download.content);
      };
      expect(await read({ format: 'csv' })).toBe(first.toString());
      expect(await read({ format: 'ndjson', columns: 'close,date', limit: 1 })).toBe(
        '{"close":187.65,"date":"2023-08-30"}\n',
      );
      expect(JSON.parse(await read({ format: 'json', offset: 1 }))).toEqual([
        { date: '2023-08-31', symbol: 'AAPL', close: 187.87 },
      ]);
      expect((await read({ format: 'parquet' })).slice(0, 4)).toBe('PAR1');
      await expect(read({ columns: 'open' })).rejects.toThrow("prices@1 has no column 'open'");
      expect(await read({ accept: 'text/csv;q=0.9, text/html', where: 'close > 187.7' })).toBe(
        'date,symbol,close\n2023-08-31,AAPL,187.87\n',
      );
      expect(tags.size).toBe(5);
      expect(await readdir(wing.tempFolder)).toEqual([]);
    });

    it('says what there is when a name or version is unknown', async () => {
      const caller = freshCaller();
      await expect(wing.datasets.get({ name: 'prices' }, caller)).rejects.toThrow(
        /None has been committed yet/,
      );
      await wing.datasets.commit(csvUpload(first, { tag: 'good' }), caller);
      await expect(wing.datasets.resolve('nope@1', caller.workspace)).rejects.toThrow(/There are prices/);
      await expect(wing.datasets.resolve('prices@9', caller.workspace)).rejects.toThrow(
        /The latest is prices@1; tags: good/,
      );
      await expect(wing.datasets.resolve('prices@1', 'elsewhere')).rejects.toThrow(/no dataset 'prices'/);
    });

    it('pages through names and versions', async () => {
      const caller = freshCaller();
      for (const name of ['a', 'b', 'c']) await wing.datasets.commit({ ...csvUpload(first), name }, caller);
      const page = await wing.datasets.list({ limit: 2 }, caller);
      expect(page.items.map(({ name }) => name)).toEqual(['a', 'b']);
      const rest = await wing.datasets.list({ limit: 2, cursor: page.nextCursor ?? '' }, caller);
      expect(rest).toMatchObject({ items: [{ name: 'c' }], nextCursor: null });
    });
  });

  describe('tags and deletion', () => {
    it('moves a tag to another version', async () => {
      const caller = freshCaller();
      await wing.datasets.commit(csvUpload(first, { tag: 'stable' }), caller);
      await wing.datasets.commit(csvUpload(csv('2023-09-01,AAPL,1')), caller);
      const tagged = await wing.datasets.setTag({ name: 'prices', tag: 'stable', version: 2 }, caller);
      expect(tagged).toMatchObject({ version: 2, tags: ['stable'] });
      expect(await wing.datasets.resolve('prices@stable', caller.workspace)).toMatchObject({ version: 2 });
      await expect(wing.datasets.setTag({ name: 'prices', tag: 'x', version: 9 }, caller)).rejects.toThrow(
        /prices@9/,
      );
    });

    it('deletes what nobody holds, and never gives a number twice', async () => {
      const caller = freshCaller();
      const { uri } = await wing.datasets.commit(csvUpload(first), caller);
      const hold = { workspace: caller.workspace, userUri: 'run:1', usedUri: uri, reason: 'test' };
      await wing.changes.run(caller, (tx) => wing.lineage.hold(tx, hold));
      await expect(wing.datasets.delete({ name: 'prices' }, caller)).rejects.toThrow(/run:1/);
      await wing.changes.run(caller, (tx) => wing.lineage.release(tx, caller.workspace, 'run:1'));
      await wing.datasets.delete({ name: 'prices' }, caller);
      await expect(wing.datasets.get({ name: 'prices' }, caller)).rejects.toThrow(/no dataset 'prices'/);
      expect(await wing.datasets.commit(csvUpload(first), caller)).toMatchObject({
        version: 2,
        parent: null,
      });
    });
  });

  describe('many rows', () => {
    it('reads many chunks in their order and stores shared ones once', async () => {
      const caller = freshCaller();
      const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${(i * 7919) % 1000}`);
      const content = Buffer.from(`id,v\n${rows.join('\n')}\n`);
      const one = await wing.datasets.commit({ name: 'big', format: 'csv', content }, caller);
      expect(one.chunks).toBeGreaterThan(2);
      const download = await wing.datasets.read({ name: 'big', version: '1', format: 'csv' }, caller);
      expect((await textOf(download.content)) === content.toString()).toBe(true);
      const changed = Buffer.from(content.toString().replace('\n20000,', '\n99999,'));
      const blobs = async () => {
        let count = 0;
        for await (const _ of wing.blobs.list()) count += 1;
        return count;
      };
      const before = await blobs();
      await wing.datasets.commit({ name: 'big', format: 'csv', content: changed }, caller);
      // The manifest, the chunk that changed and, where its border moved, its neighbour.
      expect((await blobs()) - before).toBeLessThanOrEqual(4);
      const diff = await wing.datasets.diff({ name: 'big', from: '1', to: '2', key: 'id' }, caller);
      expect(diff).toMatchObject({ added: 1, removed: 1, changed: 0 });
      const tail = Buffer.from('id,v\n30000,1\n');
      const grown = await wing.datasets.commit(
        { name: 'big', format: 'csv', mode: 'append', content: tail },
        caller,
      );
      const whole = Buffer.concat([changed, Buffer.from('30000,1\n')]);
      const same = await wing.datasets.commit({ name: 'whole', format: 'csv', content: whole }, caller);
      expect(grown.digest).toBe(same.digest);
    });
  });
});
