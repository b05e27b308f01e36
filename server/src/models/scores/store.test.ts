import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { scoreStore } from './store.ts';

const said = (note: string) => ({ note, actor: 'user:ann', createdAt: 5 });

describeEachDatabase('attestations', (open) => {
  test('the newest of each test stays, until it is withdrawn; a renamed model takes them along', async () => {
    const store = scoreStore((await open()).db);
    await store.saveAttestation('w', 'm', 'data-1', said('first'));
    await store.saveAttestation('w', 'm', 'data-1', said('second'));
    await store.saveAttestation('w', 'm', 'model-2', said('other'));
    await store.saveAttestation('w', 'n', 'data-1', said('there before'));
    await store.saveAttestation('v', 'm', 'data-2', said('of another workspace'));
    const list = async (model: string) => [...(await store.listAttestations('w', model))].sort();
    expect(await list('m')).toEqual([
      ['data-1', said('second')],
      ['model-2', said('other')],
    ]);
    await store.rename('w', 'm', 'n');
    expect(await list('n')).toEqual([
      ['data-1', said('there before')],
      ['model-2', said('other')],
    ]);
    expect(await store.deleteAttestation('w', 'n', 'model-2')).toBe(true);
    expect(await store.deleteAttestation('w', 'n', 'model-2')).toBe(false);
    expect((await store.listAttestations('v', 'm')).size).toBe(1);
  });
});
