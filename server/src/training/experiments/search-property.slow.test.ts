import type { Run } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import type { Comparison, Filter, Ordering, Subject } from '../../base/search/grammar.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';

const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };
const keys = ['a', 'b c', 'd.e'] as const;
const texts = ['', 'x', 'xy', 'x%y', 'x_y', 'y', 'long'.repeat(40)] as const;
const numbers = [-1, 0, 0.5, 2] as const;

/** A run as the naive evaluation sees it: NaN stays NaN, and a metric has all its values, the latest one last. */
interface Known {
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly parameter: Readonly<Record<string, string>>;
  readonly tag: Readonly<Record<string, string>>;
  readonly metric: Readonly<Record<string, readonly number[]>>;
}

const record = <T>(value: fc.Arbitrary<T>) =>
  fc
    .array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: 4 })
    .map((list): Record<string, T> => Object.fromEntries(list));
const values = fc.array(fc.constantFrom(...numbers, Number.NaN), { minLength: 1, maxLength: 4 });
const someRun = fc.record({
  name: fc.constantFrom('x', 'xy', 'y'),
  startedAt: fc.integer({ min: 1, max: 5 }),
  endedAt: fc.option(fc.integer({ min: 5, max: 9 })),
  parameter: record(fc.constantFrom(...texts)),
  tag: record(fc.constantFrom(...texts)),
  metric: record(values),
});

const keyed = (entity: Subject['entity']) =>
  fc.constantFrom(...keys).map((key): Subject => ({ entity, key }));
const ofMetric = fc
  .tuple(keyed('metric'), fc.constantFrom(undefined, 'minimum', 'maximum'))
  .map(([subject, extreme]): Subject => ({ ...subject, extreme }));
const ofTime = fc.constantFrom('startedAt', 'endedAt').map((key): Subject => ({ entity: 'attribute', key }));
const ofText = fc.oneof(
  keyed('parameter'),
  keyed('tag'),
  fc.constant<Subject>({ entity: 'attribute', key: 'name' }),
);
const isNull = fc.constantFrom('IS NULL', 'IS NOT NULL').map((operator) => ({ operator }) as const);
const isListed = fc.constantFrom('IN', 'NOT IN');
const number = fc.oneof(
  fc.record({
    operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
    number: fc.constantFrom(...numbers, 3, 6),
  }),
  fc.record({
    operator: isListed,
    numbers: fc.array(fc.constantFrom(...numbers, 3), { minLength: 1, maxLength: 3 }),
  }),
  isNull,
);
const text = fc.oneof(
  fc.record({
    operator: fc.constantFrom('=', '!=', 'LIKE', 'ILIKE'),
    text: fc.constantFrom(...texts, 'X%', '_', '%'),
  }),
  fc.record({
    operator: isListed,
    texts: fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }),
  }),
  isNull,
);
const comparison = fc.oneof(
  fc
    .tuple(fc.oneof(ofMetric, ofTime), number)
    .map(([subject, asked]): Comparison => ({ ...subject, ...asked })),
  fc.tuple(ofText, text).map(([subject, asked]): Comparison => ({ ...subject, ...asked })),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    comparison,
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
  ),
}));
const orderings = fc.uniqueArray(
  fc
    .tuple(fc.oneof(ofMetric, ofText, ofTime), fc.boolean())
    .map(([subject, descending]): Ordering => ({ ...subject, descending })),
  { maxLength: 3, selector: writeSubject },
);

const words: Readonly<Record<string, string>> = {
  startedAt: 'start_time',
  endedAt: 'end_time',
  name: 'run_name',
};
function writeSubject({ entity, key, extreme }: Subject): string {
  if (entity === 'attribute') return words[key] ?? key;
  const path = `${{ metric: 'metrics', parameter: 'params', tag: 'tags', dataset: 'dataset' }[entity]}.\`${key}\``;
  return extreme ? `${extreme.slice(0, 3)}(${path})` : path;
}
function write(asked: Filter): string {
  if ('all' in asked) return `(${asked.all.map(write).join(' AND ')})`;
  if ('any' in asked) return `(${asked.any.map(write).join(' OR ')})`;
  const quote = (value: string) => `'${value}'`;
  const start = `${writeSubject(asked)} ${asked.operator}`;
  if ('number' in asked) return `${start} ${asked.number}`;
  if ('text' in asked) return `${start} ${quote(asked.text)}`;
  if ('numbers' in asked) return `${start} (${asked.numbers.join()})`;
  return 'texts' in asked ? `${start} (${asked.texts.map(quote).join()})` : start;
}

function readValue(run: Known, { entity, key, extreme }: Subject): string | number | undefined {
  if (entity === 'attribute')
    return { name: run.name, startedAt: run.startedAt, endedAt: run.endedAt ?? undefined }[key];
  if (entity !== 'metric') return (entity === 'tag' ? run.tag : run.parameter)[key];
  const points = run.metric[key];
  if (!extreme) return points?.at(-1);
  const real = points?.filter((value) => !Number.isNaN(value)) ?? [];
  if (real.length === 0) return undefined;
  return extreme === 'minimum' ? Math.min(...real) : Math.max(...real);
}

function isLike(value: string, pattern: string, flags: string): boolean {
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, `su${flags}`).test(value);
}

function fits(run: Known, asked: Filter): boolean {
  if ('all' in asked) return asked.all.every((one) => fits(run, one));
  if ('any' in asked) return asked.any.some((one) => fits(run, one));
  const value = readValue(run, asked);
  if (asked.operator === 'IS NULL') return value === undefined;
  if (value === undefined) return false;
  const wanted = 'text' in asked ? asked.text : 'number' in asked ? asked.number : undefined;
  const list: readonly unknown[] = 'texts' in asked ? asked.texts : 'numbers' in asked ? asked.numbers : [];
  switch (asked.operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return Number(value) < Number(wanted);
    case '<=':
      return Number(value) <= Number(wanted);
    case '>':
      return Number(value) > Number(wanted);
    case '>=':
      return Number(value) >= Number(wanted);
    case 'LIKE':
      return isLike(String(value), String(wanted), '');
    case 'ILIKE':
      return isLike(String(value), String(wanted), 'i');
    case 'IN':
      return list.includes(value) && !Number.isNaN(value);
    case 'NOT IN':
      return !list.includes(value) || Number.isNaN(value);
    default:
      return true;
  }
}

/** Numbers and texts, then NaN, then what is missing, in both directions. */
const classOf = (value: unknown) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);
function compareBy(order: readonly Ordering[]): (a: Known, b: Known) => number {
  return (a, b) => {
    for (const ordering of order) {
      const [x, y] = [readValue(a, ordering), readValue(b, ordering)];
      if (classOf(x) !== classOf(y)) return classOf(x) - classOf(y);
      if (x === undefined || y === undefined || x === y || classOf(x) > 0) continue;
      return x < y === ordering.descending ? 1 : -1;
    }
    return b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1);
  };
}

describeEachDatabase('every search finds what reading every run would find', (open) => {
  let own: TestExperiments;
  let experimentId = '';
  const known: Known[] = [];

  beforeAll(async () => {
    own = await createTestExperiments(await open());
    experimentId = (await own.experiments.ensureExperiment('random', caller)).id;
    for (const run of fc.sample(someRun, { numRuns: 60, seed: 7 })) known.push(await save(run));
  });
  afterAll(() => own.close());

  async function save(run: Omit<Known, 'id'>): Promise<Known> {
    const { name, startedAt, endedAt, tag, parameter } = run;
    const { id } = await own.experiments.createRun({ experimentId, name, startedAt, tags: tag }, caller);
    const metrics = Object.entries(run.metric).flatMap(([key, list]) =>
      list.map((value, step) => ({ key, value, timestamp: 1, step })),
    );
    const parameters = Object.entries(parameter).map(([key, value]) => ({ key, value }));
    // The latest first, so that extremes also come with points that are late.
    for (const metric of metrics.reverse())
      await own.experiments.log(id, { metrics: [metric], parameters: [], tags: [] }, 'default');
    await own.experiments.log(id, { metrics: [], parameters, tags: [] }, 'default');
    if (endedAt !== null) await own.experiments.updateRun({ id, status: 'FINISHED', endedAt }, caller);
    return { ...run, id };
  }

  test('in the right order, and counts them', async () => {
    const search = async (asked: Filter, order: readonly Ordering[]) => {
      const orderBy = order.map((one) => `${writeSubject(one)}${one.descending ? ' DESC' : ''}`);
      const question = { experimentIds: [experimentId], filter: write(asked) };
      const { items } = await own.experiments.searchRuns(
        { ...question, orderBy, limit: 100, columns: [] },
        caller,
      );
      const { total } = await own.experiments.countRuns(question, caller);
      return { ids: items.map(({ id }: Run) => id), total };
    };
    const property = fc.asyncProperty(filter, orderings, async (asked, order) => {
      const expected = known.filter((run) => fits(run, asked)).sort(compareBy(order));
      expect(await search(asked, order)).toEqual({
        ids: expected.map(({ id }) => id),
        total: expected.length,
      });
    });
    await fc.assert(property, { numRuns: 300 });
  }, 60_000);
});
