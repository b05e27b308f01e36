import type { TrainingSetDefinition } from '@tidemill/sdk';
import type { Command } from 'commander';
import { openContent, readDefinition } from '../../files.ts';
import { example } from '../../pages.ts';
import { datasetNameOf, sentFormatOf, toNames, toTextPairs } from '../../parse.ts';
import { withProgressLine } from '../../progress-line.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatMoment } from '../../table.ts';
import { interruptedCode, onInterrupt } from '../../watch.ts';

interface Options {
  entities?: string;
  eventTime?: string;
  service?: string;
  views?: string[];
  labelSql?: string;
  label?: string;
  labelEventTime?: string;
  labelKnownAt?: string;
  statuses?: boolean;
  bitemporal: boolean;
  asOf?: string;
  bind?: string[];
}

export function addTrainingSetCommand(features: Command): void {
  const build = features
    .command('training-set <name>')
    .description(
      'build a point-in-time correct training set, a dataset version; <name> may be a .json or .ts definition',
    )
    .option(
      '--entities <rows>',
      'a dataset version, a SELECT, or a file, which is committed as a dataset first',
    )
    .option('--event-time <column>', 'the time of an entity row (default event_time)')
    .option('--service <reference>', 'the feature service to take features of')
    .option('--views <references>', 'instead of a service: feature views', toNames)
    .option('--label-sql <select>', 'keys, event time, the label and when it became known')
    .option('--label <column>', 'the label column of its SELECT', 'label')
    .option('--label-event-time <column>', 'the time of the entity row it is of (default event_time)')
    .option('--label-known-at <column>', 'when the label became known', 'known_at')
    .option('--statuses', 'say per view why a row has no values')
    .option('--no-bitemporal', 'let values count that were created after the time of their row')
    .option('--as-of <time>', 'leave out what was unknown at this time')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .action(async (name: string, options: Options, command: Command) => {
      const session = sessionOf(command);
      const isFile = /\.(?:json|ts|mts|js|mjs)$/.test(name);
      const base = isFile ? await readDefinition<TrainingSetDefinition>(name) : { name, entities: '' };
      const entities = options.entities ? await findEntities(options.entities, session) : base.entities;
      const version = await buildOne(session, {
        ...base,
        ...chosen(options),
        entities,
        bindings: { ...('bindings' in base ? base.bindings : {}), ...toTextPairs(options.bind ?? []) },
      });
      if (version === null) return;
      session.show(
        version,
        (v) => `${v.reference}: ${v.rows} rows${v.unchanged ? ', exactly what was there' : ''}.`,
      );
    });
  example(build, 'features training-set churn-train --entities orders@3 --service churn@2');
}

export function addBuildCommands(features: Command): void {
  const builds = features
    .command('training-set-builds')
    .description('training sets that the server is building')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.features.listTrainingSetBuilds({});
      session.list(
        items,
        {
          id: (b) => b.id,
          name: (b) => b.name,
          step: (b) => `${b.done} of ${b.steps}, ${b.step}`,
          by: (b) => b.createdBy,
          started: (b) => formatMoment(b.startedAt),
        },
        'None is being built. Build one: tidemill features training-set NAME',
      );
    });
  example(builds, 'features training-set-builds');
  const cancel = features
    .command('cancel-training-set <id>')
    .description('stop the build of a training set; whoever waits for it is told')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const build = await session.client.features.cancelTrainingSetBuild({ id });
      session.show(build, ({ name, step }) => `${name} is being stopped, while ${step}.`);
    });
  example(cancel, 'features cancel-training-set build_01f2…');
}

/** Null when it was stopped by Ctrl-C. */
async function buildOne({ client, json, say }: Session, definition: TrainingSetDefinition) {
  const { signal, release } = onInterrupt();
  const began = Date.now();
  const progress = async () => {
    const { items } = await client.features.listTrainingSetBuilds({ name: definition.name }, { signal });
    const [build] = items;
    if (!build) return null;
    const seconds = Math.round((Date.now() - began) / 1000);
    return `${build.name}: ${build.done} of ${build.steps} steps, ${build.step} (${seconds} s)`;
  };
  try {
    return await withProgressLine(
      { json },
      progress,
      client.features.createTrainingSet(definition, { signal }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    say('Stopped: the server gives it up, unless it was just making the version.');
    process.exitCode = interruptedCode;
    return null;
  } finally {
    release();
  }
}

function chosen({ eventTime, service, views, labelSql, ...options }: Options) {
  return {
    ...(eventTime !== undefined && { eventTime }),
    ...(service !== undefined && { service, views: undefined }),
    ...(views !== undefined && { views, service: undefined }),
    ...(labelSql !== undefined && {
      label: {
        sql: labelSql,
        ...(options.labelEventTime !== undefined && { eventTime: options.labelEventTime }),
        column: options.label ?? 'label',
        knownAt: options.labelKnownAt ?? 'known_at',
      },
    }),
    ...(options.statuses && { statuses: true }),
    ...(!options.bitemporal && { bitemporal: false }),
    ...(options.asOf !== undefined && { asOf: options.asOf }),
  };
}

/** A file becomes a dataset version, so that the training set can be built again from what it names. */
async function findEntities(entities: string, session: Session): Promise<string> {
  if (!/^\S+\.(?:parquet|csv|tsv|ndjson|jsonl|json)(?:\.gz|\.zst)?$/i.test(entities)) return entities;
  const content = await openContent(entities, session.say);
  const committed = await session.client.datasets.commit({
    name: datasetNameOf(entities),
    format: sentFormatOf(entities),
    content,
    message: 'entity rows of a training set',
  });
  session.say(
    `${entities} is ${committed.reference}${committed.unchanged ? ', as it was there' : ''}; times without a zone are read as UTC.`,
  );
  return committed.reference;
}
