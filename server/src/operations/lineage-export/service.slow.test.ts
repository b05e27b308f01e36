// The export of what really happened on a server, held against what OpenLineage asks of a run event.
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { createPricePlatform, walk } from '../../testing/price-platform.ts';
import type { RunEvent } from './rules.ts';

/** What the specification (2-0-2) requires of an event, in our own words. */
const Address = Type.String({ pattern: '^[a-z][a-z0-9+.-]*:[^\\s"<>\\\\^`{|}]+$' });
const Facets = Type.Record(Type.String(), Type.Object({ _producer: Address, _schemaURL: Address }));
const named = { namespace: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) };
const OpenDataset = Type.Object({
  ...named,
  facets: Type.Optional(Facets),
  inputFacets: Type.Optional(Facets),
  outputFacets: Type.Optional(Facets),
});
const Event = Type.Object({
  eventType: Type.Enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']),
  eventTime: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z$' }),
  producer: Address,
  schemaURL: Type.Literal('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'),
  run: Type.Object({
    runId: Type.String({
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    }),
    facets: Type.Optional(Facets),
  }),
  job: Type.Object({ ...named, facets: Type.Optional(Facets) }),
  inputs: Type.Array(OpenDataset),
  outputs: Type.Array(OpenDataset),
});

describeEachPlatform('lineage as OpenLineage', (database) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test('every event is one, begins and ends once, and says what the run read and made', {
    timeout: 120_000,
  }, async () => {
    const platform = await createPricePlatform({ days: walk(60), ...(await database()) });
    closing.push(platform.close);
    const { services, caller, http, model } = platform;
    const derived = await services.datasets.derive({ name: 'closes', sql: 'select close from days' }, caller);
    const experiment = await services.experiments.createExperiment({ name: 'git' }, caller);
    const git = { commit: 'a'.repeat(40), branch: 'main', repoURL: 'https://github.com/team/prices.git' };
    const tags = Object.fromEntries(
      Object.entries(git).map(([key, value]) => [`mlflow.source.git.${key}`, value]),
    );
    const failed = await services.experiments.createRun(
      { experimentId: experiment.id, name: 'broken', tags },
      caller,
    );
    await services.experiments.updateRun({ id: failed.id, status: 'FAILED' }, caller);
    const read = async (query = '') => {
      const reply = await http.inject({
        url: `/api/v1/lineage/openlineage${query}`,
        headers: { host: 'localhost' },
      });
      expect(reply.headers['content-type']).toContain('ndjson');
      return reply.body === ''
        ? []
        : reply.body
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as RunEvent);
    };
    const events = await read();
    for (const event of events) expect([...Value.Errors(Event, event)]).toEqual([]);
    const types = Map.groupBy(events, ({ run }) => run.runId);
    for (const some of types.values()) {
      expect(some.map(({ eventType }) => eventType)).toEqual([
        'START',
        expect.stringMatching(/COMPLETE|FAIL/),
      ]);
      expect(some[0]?.job).toEqual(some[1]?.job);
    }
    const of = (name: string) =>
      events.filter(
        ({ eventType, outputs }) => eventType !== 'START' && outputs.some((each) => each.name === name),
      );
    const [registered = '', number] = model.split('@');
    const [training] = of(`model/${registered}`);
    expect(training).toMatchObject({
      eventType: 'COMPLETE',
      inputs: [{ name: 'dataset/days', facets: { version: { datasetVersion: '1' } } }],
      outputs: [{ facets: { version: { datasetVersion: number } } }],
      job: { facets: { jobType: { jobType: 'TRAINING' } } },
    });
    expect(training?.inputs[0]?.facets.schema?.fields).toContainEqual({ name: 'close', type: 'double' });
    expect(of('dataset/closes')[0]).toMatchObject({
      inputs: [{ name: 'dataset/days' }],
      job: { name: 'sql/dataset/closes', facets: { sql: { query: 'select close from days' } } },
      outputs: [{ outputFacets: { outputStatistics: { rowCount: derived.rows } } }],
    });
    expect(of('endpoint/forecast')[0]?.inputs.map(({ name }) => name)).toEqual([`model/${registered}`]);
    const broken = events.find(({ eventType }) => eventType === 'FAIL');
    expect(broken?.run.runId.replaceAll('-', '')).toBe(failed.id);
    expect(broken?.job.facets.sourceCodeLocation).toMatchObject({
      type: 'git',
      url: `https://github.com/team/prices/tree/${'a'.repeat(40)}`,
      version: 'a'.repeat(40),
      branch: 'main',
    });
    // Asked again it says the same; of another time or workspace it says nothing.
    expect(await read()).toEqual(events);
    expect(await read('?to=1')).toEqual([]);
    const elsewhere = [];
    for await (const event of services.lineageExport.events({}, { ...caller, workspace: 'elsewhere' }))
      elsewhere.push(event);
    expect(elsewhere).toEqual([]);
  });
});
