import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Db, transact } from '../../adapters/db/db.ts';
import { systemClock } from '../../base/clock.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createLineage } from './service.ts';

describeEachDatabase('impact', (open) => {
  let spaces = 0;
  const openLineage = (db: Db) => {
    const caller = callerIn(`impact${spaces++}`);
    const { workspace } = caller;
    const lineage = createLineage({ db, clock: systemClock });
    const link = (from: string, to: string, relation = 'made') =>
      transact(db, (tx) => lineage.recordEdges(tx, workspace, [{ from, to, relation }]));
    return { caller, workspace, lineage, link };
  };

  test('names what is far away and what relies on it now; later versions hold the same rows', async () => {
    const { db } = await open();
    const { caller, workspace, lineage, link } = openLineage(db);
    await link('dataset:prices@1', 'dataset:prices@2', 'append');
    await link('dataset:prices@2', 'run:a', 'trained');
    await link('run:a', 'model:m@1', 'registered');
    await link('model:m@1', 'endpoint:e@4', 'served');
    await link('dataset:prices', 'view:v@1', 'read');
    await transact(db, async (tx) => {
      const hold = { workspace, userUri: 'endpoint:e', usedUri: 'model:m@1', reason: 'serves it' };
      await lineage.hold(tx, hold);
      const node = { workspace, uri: 'run:a', kind: 'run', digest: null, location: null };
      await lineage.recordNode(tx, node);
      await lineage.deleteNodes(tx, workspace, ['run:a']);
    });
    const found = await lineage.impact({ uri: 'dataset:prices@1' }, caller);
    expect(found).toMatchObject({
      truncated: false,
      counts: { dataset: 1, run: 1, model: 1, endpoint: 2, view: 1 },
    });
    expect(found.dependents).toMatchObject([
      { uri: 'dataset:prices@2', distance: 1, relation: 'append', via: 'dataset:prices@1', gone: false },
      { uri: 'view:v@1', distance: 1, relation: 'read', via: 'dataset:prices' },
      { uri: 'run:a', distance: 2, gone: true },
      { uri: 'model:m@1', distance: 3, inUse: false },
      { uri: 'endpoint:e', distance: 4, inUse: true, relation: 'serves it' },
      { uri: 'endpoint:e@4', distance: 4, inUse: false, relation: 'served' },
    ]);
    await expect(async () => lineage.impact({ uri: 'prices@1' }, caller)).rejects.toMatchObject({
      code: 'referenceInvalid',
      message: expect.stringContaining('no kind such as dataset:'),
    });
    const nothing = { counts: {}, dependents: [], truncated: false };
    expect(await lineage.impact({ uri: 'dataset:other@1' }, caller)).toMatchObject(nothing);
    expect((await lineage.impact({ uri: 'dataset:prices@1' }, callerIn('elsewhere'))).dependents).toEqual([]);
  });

  test('in any graph, circles too, it is what can be reached, by its shortest way; a limit says that it cut', async () => {
    const { db } = await open();
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(edges, fc.integer({ min: 1, max: 12 }), async (pairs, limit) => {
        const { caller, workspace, lineage } = openLineage(db);
        const rows = pairs.map(([from, to]) => ({ from: `x:${from}`, to: `x:${to}`, relation: 'made' }));
        await transact(db, (tx) => lineage.recordEdges(tx, workspace, rows));
        const expected = distancesFrom(0, pairs);
        const all = await lineage.impact({ uri: 'x:0' }, caller);
        expect(new Map(all.dependents.map(({ uri, distance }) => [uri, distance]))).toEqual(expected);
        const some = await lineage.impact({ uri: 'x:0', limit }, caller);
        expect(some.dependents).toHaveLength(Math.min(limit, expected.size));
        if (!some.truncated) expect(some.dependents).toEqual(all.dependents);
        if (expected.size > limit) expect(some.truncated).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});

function distancesFrom(start: number, pairs: readonly (readonly [number, number])[]): Map<string, number> {
  const found = new Map([[start, 0]]);
  for (let distance = 1; distance <= 10; distance += 1)
    for (const [from, to] of pairs)
      if (found.get(from) === distance - 1 && !found.has(to)) found.set(to, distance);
  found.delete(start);
  return new Map([...found].map(([node, distance]) => [`x:${node}`, distance]));
}
