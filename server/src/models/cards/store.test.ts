import { expect, test } from 'vitest';
import { transact } from '../../adapters/db/db.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { noFields } from './rules.ts';
import { cardStore } from './store.ts';

describeEachDatabase('card texts', (open) => {
  test('are kept per workspace, written over, renamed', async () => {
    const { db } = await open();
    const fields = { ...noFields, owner: 'ann', limits: 'a "quote", ümlaut\n🙂' };
    await transact(db, async (tx) => {
      await cardStore(tx).lock('w1', 'm');
      await cardStore(tx).save('w1', 'm', noFields, 1, 'user:ann');
      await cardStore(tx).save('w1', 'm', fields, 2, 'user:bob');
    });
    const store = cardStore(db);
    expect(await store.find('w1', 'm')).toEqual({ ...fields, updatedAt: 2, updatedBy: 'user:bob' });
    expect(await store.find('w2', 'm')).toBeNull();
    await store.rename('w1', 'm', 'n');
    expect(await store.find('w1', 'm')).toBeNull();
    await store.save('w1', 'm', noFields, 3, 'user:ann');
    await store.rename('w1', 'm', 'n');
    expect(await store.find('w1', 'n')).toMatchObject({ owner: 'ann', updatedAt: 2 });
  });
});
