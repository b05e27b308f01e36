import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGate } from './gate.ts';

test('who has it alone shares it with nobody, and everybody comes in, whatever the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ isAlone: fc.boolean(), fails: fc.boolean() }), { maxLength: 12 }),
      async (scheduler, wanted) => {
        const gate = createGate();
        const inside = { shared: 0, alone: 0, done: 0 };
        const all = wanted.map(async ({ isAlone, fails }, i) => {
          const kind = isAlone ? 'alone' : 'shared';
          await scheduler.schedule(Promise.resolve(), `come ${i}`);
          const work = async () => {
            inside[kind] += 1;
            expect(inside.alone === 0 || (inside.alone === 1 && inside.shared === 0)).toBe(true);
            await scheduler.schedule(Promise.resolve(), `leave ${i}`);
            inside[kind] -= 1;
            inside.done += 1;
            if (fails) throw new Error('failed');
          };
          await (isAlone ? gate.takeAlone(work) : gate.share(work)).catch(() => undefined);
        });
        await scheduler.waitIdle();
        await Promise.all(all);
        expect(inside).toEqual({ shared: 0, alone: 0, done: wanted.length });
      },
    ),
    { numRuns: 100 },
  );
});
