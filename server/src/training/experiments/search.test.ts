import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';

describeEachDatabase('search', (open) => {
  let own: TestExperiments;
  let experimentId = '';
  const long = 'é'.repeat(150);
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };

  /** Runs named a to e, with what the searches below ask for. */
  beforeAll(async () => {
    own = await createTestExperiments(await open());
    experimentId = (await own.experiments.ensureExperiment('searched', caller)).id;
    const start = async (
      name: string,
      startedAt: number,
      metrics: Record<string, number | null>,
      parameters: Record<string, string>,
      tags: Record<string, string> = {},
    ) => {
      const run = await own.experiments.createRun({ experimentId, name, startedAt, tags }, caller);
      const list = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1 }));
      await own.experiments.logBatch({ id: run.id, metrics: list, parameters }, caller);
      return run.id;
    };
    await start('a', 100, { loss: 0.5, acc: 1 }, { lr: '0.1', kind: 'Ridge' }, { team: 'blue' });
    await start('b', 200, { loss: 0.25 }, { lr: '0.01', kind: 'ridge' }, { team: 'red', 'a b': 'x' });
    const [a] = (
      await own.experiments.searchRuns({ experimentIds: [experimentId], filter: "run_name = 'a'" }, caller)
    ).items;
    // Before the latest step, so that only the extremes move.
    const early = [
      { key: 'loss', value: 3, timestamp: 1, step: -2 },
      { key: 'loss', value: null, timestamp: 1, step: -1 },
      { key: 'loss', value: 0.1, timestamp: 1, step: -1 },
    ];
    await own.experiments.logBatch({ id: a?.id ?? '', metrics: early, parameters: { long } }, caller);
    const [b] = (
      await own.experiments.searchRuns({ experimentIds: [experimentId], filter: "run_name = 'b'" }, caller)
    ).items;
    await own.experiments.logBatch({ id: b?.id ?? '', parameters: { long: `${long}!` } }, caller);
    await start('c', 300, { loss: null }, { lr: '0.1', kind: 'trees_1' });
    await start('d', 400, {}, { kind: 'trees%' });
    const e = await start('e', 500, { loss: 2 }, { kind: 'treesX1[a]*?' });
    const infinite = { key: 'top', value: Infinity, timestamp: 1, step: 0 };
    await own.experiments.log(e, { metrics: [infinite], parameters: [], tags: [] }, 'default');
    await own.experiments.updateRun({ id: e, status: 'FAILED', endedAt: 600 }, caller);
    const input = {
      name: 'prices',
      digest: 'd1',
      sourceType: 'local',
      source: '{}',
      schema: null,
      profile: null,
    };
    await own.experiments.logInputs(
      e,
      [{ ...input, tags: [{ key: 'mlflow.data.context', value: 'eval' }] }],
      'default',
    );
  });
  afterAll(() => own.close());

  const find = async (filter: string, orderBy: string[] = ['run_name'], more = {}) => {
    const page = await own.experiments.searchRuns(
      { experimentIds: [experimentId], filter, orderBy, ...more },
      caller,
    );
    return page.items.map(({ name }) => name).join('');
  };

  test.each([
    ['', 'abcde'],
    ['metrics.loss < 0.5', 'b'],
    ['metrics.loss <= 0.5 AND metrics.loss > -1', 'ab'],
    ['metrics.loss = 0.25', 'b'],
    ['metrics.loss != 0.25', 'ace'],
    ['metrics.top > 1e308', 'e'],
    ['metrics.none != 1', ''],
    ["params.lr = '0.1'", 'ac'],
    ["params.lr != '0.1'", 'b'],
    ["params.kind LIKE 'ridge'", 'b'],
    ["params.kind ILIKE 'RIDGE'", 'ab'],
    ["params.kind LIKE 'trees_1%'", 'ce'],
    ["params.kind LIKE '%[a]*?'", 'e'],
    ["params.kind LIKE 'tr*'", ''],
    ["params.kind LIKE 'trees\\%'", ''],
    ["params.kind ILIKE 'TREES%' AND params.lr = '0.1'", 'c'],
    ['params.lr IS NULL', 'de'],
    ['params.lr IS NOT NULL', 'abc'],
    ["tags.`a b` = 'x'", 'b'],
    ["tags.team != 'red'", 'a'],
    ['tags.team IS NULL', 'cde'],
    ["tags.mlflow.runName = 'd'", 'd'],
    ["run_name LIKE '%c%'", 'c'],
    ["status = 'FAILED'", 'e'],
    ["status != 'FAILED'", 'abcd'],
    ["user_id = 'user:tester' AND start_time >= 299.5 AND Created < 1e9", 'cde'],
    ['end_time > 0', 'e'],
    ["artifact_uri LIKE 'mlflow-artifacts:/%/artifacts'", 'abcde'],
    ["run_id IN ('nothing')", ''],
    ["run_id NOT IN ('nothing')", 'abcde'],
    ["dataset.name = 'prices' AND dataset.context = 'eval'", 'e'],
    ["dataset.digest IN ('d0', 'd1')", 'e'],
    ["dataset.digest NOT IN ('d1')", ''],
    ['dataset.name IS NULL', 'abcd'],
    ["metrics.loss < 0.3 OR params.kind LIKE 'trees%' AND start_time > 350", 'bde'],
    ["(metrics.loss < 0.3 OR params.kind LIKE 'trees%') AND start_time > 350", 'de'],
    ["(tags.team = 'blue' OR (tags.team = 'red' AND metrics.loss = 0.25))", 'ab'],
    ["params.kind IN ('Ridge', 'trees%') AND status NOT IN ('FAILED')", 'ad'],
    ["params.lr NOT IN ('0.1')", 'b'],
    ['metrics.loss IN (0.25, 2)', 'be'],
    ['metrics.loss NOT IN (0.25)', 'ace'],
    ['start_time IN (100, 200.5)', 'a'],
    ['metrics.loss IS NULL', 'd'],
    ['metrics.loss IS NOT NULL', 'abce'],
    ['end_time IS NULL', 'abcd'],
    ['min(metrics.loss) < 0.2', 'a'],
    ['MAX(metrics.loss) >= 2 OR min(metrics."loss") = 0.25', 'abe'],
    ['last(metrics.loss) = 0.5', 'a'],
    ['max(metrics.loss) IS NULL', 'cd'],
    ['min(metrics.loss) != 0.25', 'ae'],
    ["params.long = '@'", 'a'],
    ["params.long IN ('@', 'x')", 'a'],
    ["params.long != '@'", 'b'],
  ])('%s finds %j', async (filter, expected) => {
    const written = filter.replaceAll('@', long);
    expect(await find(written)).toBe(expected);
    const counted = await own.experiments.countRuns(
      { experimentIds: [experimentId], filter: written },
      caller,
    );
    expect(counted).toEqual({ total: expected.length });
  });

  test.each([
    [[], 'edcba'],
    [['start_time'], 'abcde'],
    [['metrics.loss'], 'baecd'],
    [['metrics.loss DESC'], 'eabcd'],
    [['params.lr', 'run_name DESC'], 'bcaed'],
    [['tags.team DESC', 'run_name'], 'bacde'],
    [['end_time', 'metrics.acc', 'run_name'], 'eabcd'],
    [['max(metrics.loss) DESC', 'run_name'], 'aebcd'],
    [['min(metrics.loss)', 'metrics.loss'], 'abecd'],
  ])('in the order of %j: %s', async (orderBy, expected) => expect(await find('', orderBy)).toBe(expected));

  test('pages follow each other without gap or overlap', async () => {
    const seen: string[] = [];
    for (let cursor: string | undefined, isMore = true; isMore; ) {
      const page = await own.experiments.searchRuns(
        { experimentIds: [experimentId], limit: 2, cursor },
        caller,
      );
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
      isMore = cursor !== undefined;
    }
    expect(seen.join('')).toBe('edcba');
    await expect(find('', [], { cursor: 'LTE' })).rejects.toMatchObject({ code: 'pageCursorInvalid' });
  });

  test('columns: only what was named comes back', async () => {
    const ask = async (columns: string[]) => {
      const search = { experimentIds: [experimentId], filter: "run_name IN ('a', 'e')", columns };
      const { items } = await own.experiments.searchRuns({ ...search, orderBy: ['run_name'] }, caller);
      return items.map(({ parameters, metrics, tags, inputs }) => ({ parameters, metrics, tags, inputs }));
    };
    const nothing = { parameters: {}, metrics: {}, tags: {}, inputs: [] };
    expect(await ask([])).toEqual([nothing, nothing]);
    expect(
      await ask(['metrics.loss', 'min(metrics.loss)', 'max(metrics.loss)', 'params.lr', 'tags.team']),
    ).toEqual([
      {
        parameters: { lr: '0.1' },
        metrics: { loss: 0.5, 'min(loss)': 0.1, 'max(loss)': 3 },
        tags: { team: 'blue' },
        inputs: [],
      },
      { ...nothing, metrics: { loss: 2, 'min(loss)': 2, 'max(loss)': 2 } },
    ]);
    expect((await ask(['inputs']))[1]?.inputs).toMatchObject([{ name: 'prices' }]);
    await expect(ask(['status'])).rejects.toThrow('attributes come always');
    await expect(ask(['min(params.lr)'])).rejects.toThrow('min is of metrics');
    await expect(ask(['metrics.loss, metrics.acc'])).rejects.toThrow('the end');
  });

  test('ids that no experiment has find nothing, and no workspace sees another one', async () => {
    const search = (experimentIds: string[], who = caller) =>
      own.experiments.searchRuns({ experimentIds }, who);
    expect((await search(['123456', 'x', '-1'])).items).toEqual([]);
    expect((await search([experimentId], { ...caller, workspace: 'elsewhere' })).items).toEqual([]);
  });

  test('experiments are searched by name, tag and time', async () => {
    for (const name of ['sea', 'Sea', 'lake'])
      await own.experiments.ensureExperiment(name, caller, { of: name });
    const names = async (filter: string, orderBy: string[] = ['name']) => {
      const search = { filter, orderBy, view: 'active', limit: 100 } as const;
      return (await own.experiments.searchExperiments(search, 'default')).items.map(({ name }) => name);
    };
    expect(await names("name ILIKE 'SEA'")).toEqual(['Sea', 'sea']);
    expect(await names("name LIKE 'se_'")).toEqual(['sea']);
    expect(await names("name IN ('sea', 'lake') OR tags.of IN ('Sea')")).toEqual(['Sea', 'lake', 'sea']);
    expect(await names("tags.of != 'lake'")).toEqual(['Sea', 'sea']);
    expect(await names('tags.of IS NULL AND creation_time > 0')).toContain('Default');
    expect((await names('', [])).slice(0, 3)).toEqual(['lake', 'Sea', 'sea']);
    const first = await own.experiments.searchExperiments({ view: 'all', limit: 1 }, 'default');
    const rest = await own.experiments.searchExperiments(
      { view: 'all', limit: 9, cursor: first.nextCursor ?? '' },
      'default',
    );
    expect(
      [first, rest]
        .flatMap(({ items }) => items)
        .map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(['lake', 'Sea']);
    expect(rest.nextCursor).toBeNull();
  });
});
