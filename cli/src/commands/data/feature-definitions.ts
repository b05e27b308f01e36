import type {
  Client,
  EntityDefinition,
  FeatureServiceDefinition,
  FeatureViewDefinition,
  Row,
} from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { readDefinition, readText } from '../../files.ts';
import { example } from '../../pages.ts';
import { toInteger, toName, toNames, toTarget, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';
import { kindOf } from './feature-uses.ts';

/** Definitions in files of their own: tried on some rows, and registered without a project file. */
export function addDefinitionCommands(features: Command): void {
  addPut(features);
  addPreview(features);
}

function addPut(features: Command): void {
  const put = features
    .command('put <name> <definition>')
    .description(
      'define a view, or with its kind entity:NAME or service:NAME, from a .json or .ts file; another meaning is a new version',
    )
    .action(async (target: string, file: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { client } = session;
      const name = toName(toTarget(target).name);
      const kind = kindOf(target);
      if (!['entity', 'view', 'service'].includes(kind))
        throw failures.definitionInvalid(file, `'${kind}' is no entity, view or service.`);
      const definition = await readDefinition<object>(file);
      const made =
        kind === 'entity'
          ? await client.entities.put({ name, ...(definition as EntityDefinition) })
          : kind === 'service'
            ? await client.featureServices.put({ name, ...(definition as FeatureServiceDefinition) })
            : await client.features.put({ name, ...(definition as FeatureViewDefinition) });
      session.show(made, ({ uri, unchanged }) => `${uri}${unchanged ? ', exactly what was there' : ''}.`);
    });
  example(put, 'features put service:pricing pricing.json');
}

interface PreviewOptions {
  entity?: string[];
  entities?: string[];
  eventTime?: string;
  createdTime?: string;
  bind?: string[];
  limit: number;
  rows?: string;
  statuses?: boolean;
}

function addPreview(features: Command): void {
  const preview = features
    .command('preview <file>')
    .description(
      'run a view or a service on some rows before anything is registered: a definition (.json, .ts), or SQL of a view (- is standard input); or service:NAME, which is',
    )
    .option('--entities <names>', 'entities that it is about', toNames)
    .option('--entity <columns>', 'instead of entities: the key columns', toNames)
    .option(
      '--event-time <column>',
      'when the values were true; SQL needs it. Of a service: the time of its rows',
    )
    .option('--created-time <column>', 'when the values became known')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .option(
      '--rows <rows>',
      'of a service: its entity rows, a dataset version or a SELECT (default those of a view)',
    )
    .option('--statuses', 'of a service: say per view why a row has no values')
    .option('--limit <rows>', 'rows to show', toInteger, 20)
    .action(async (target: string, options: PreviewOptions, command: Command) => {
      const session = sessionOf(command);
      const found = await previewOf(session.client, target, options);
      session.show(found, ({ columns, rows }) =>
        tableLines(rows, Object.fromEntries(columns.map((c) => [c.name, (row: Row) => row[c.name]]))),
      );
    });
  example(preview, 'features preview stats.sql --entity symbol --event-time date');
  example(preview, 'features preview service:pricing@2 --rows orders@3');
}

async function previewOf(client: Client, target: string, options: PreviewOptions) {
  const { eventTime, rows, statuses, limit, bind } = options;
  const common = { limit, bindings: bind && toTextPairs(bind) };
  const given = isDefinition(target) ? await readDefinition<object>(target) : null;
  const isRegistered = target.startsWith('service:');
  if (isRegistered || (given && 'features' in given))
    return client.featureServices.preview({
      ...(isRegistered ? { service: target.slice('service:'.length) } : given),
      ...(rows !== undefined && { entities: rows }),
      ...{ eventTime, statuses, ...common },
    });
  return client.features.preview({ ...(await toDefinition(target, options)), ...common });
}

const isDefinition = (file: string): boolean => /\.(json|[cm]?[jt]s)$/.test(file);

/** What the options say counts before what the file says. */
async function toDefinition(file: string, options: PreviewOptions): Promise<FeatureViewDefinition> {
  const { entities, entity, eventTime, createdTime } = options;
  const said = {
    ...(entities && { entities }),
    ...(entity && { entity }),
    ...(createdTime !== undefined && { createdTime }),
  };
  if (isDefinition(file)) {
    const definition = await readDefinition<FeatureViewDefinition>(file);
    return { ...definition, ...said, ...(eventTime !== undefined && { eventTime }) };
  }
  if (eventTime === undefined)
    throw failures.definitionInvalid(file, 'SQL needs --event-time, the column that says when it was true.');
  return { sql: await readText(file), ...said, eventTime };
}
