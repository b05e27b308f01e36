import type { Entity, FeatureEntry, FeatureService, FeatureView } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toReference, toTarget } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';
import { addUsesCommands, kindHelp, kindOf } from './feature-uses.ts';

/** Entities, views and services: what there is, who uses it, what a change would break. */
export function addCatalogueCommands(features: Command): void {
  addLists(features);
  addShow(features);
  addSearch(features);
  addUsesCommands(features);
  addDelete(features);
}

const common = {
  owner: ({ owner }: { owner: string }) => owner || '–',
  created: ({ createdAt }: { createdAt: number }) => formatTime(createdAt),
  description: ({ description }: { description: string }) => description,
};
const viewColumns = {
  view: (v: FeatureView) => v.reference,
  entity: (v: FeatureView) => v.entity.join(','),
  features: (v: FeatureView) => v.features.length,
  reads: (v: FeatureView) => v.datasets.join(' '),
  ttl: (v: FeatureView) => v.ttl ?? '–',
  ...common,
};
const entityColumns = {
  entity: (e: Entity) => e.reference,
  'join keys': (e: Entity) => typed(e.joinKeys),
  ...common,
};
const serviceColumns = {
  service: (s: FeatureService) => s.reference,
  features: (s: FeatureService) => s.outputs.length,
  views: (s: FeatureService) => s.views.map(({ reference }) => reference).join(' '),
  ...common,
};
const typed = (columns: readonly { name: string; type: string }[]): string =>
  columns.map(({ name, type }) => `${name} ${type}`).join(', ');

function addLists(features: Command): void {
  const list = features
    .command('list')
    .description('all feature views')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.features.list(page));
      session.list(
        items,
        viewColumns,
        'No feature views. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(list, 'features list');
  const entities = features
    .command('entities')
    .description('all entities: what features are about')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.entities.list(page));
      session.list(
        items,
        entityColumns,
        'No entities. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(entities, 'features entities');
  const services = features
    .command('services')
    .description('all feature services: what models take of which views')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.featureServices.list(page));
      session.list(
        items,
        serviceColumns,
        'No feature services. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(services, 'features services');
}

function addShow(features: Command): void {
  const show = features
    .command('show <reference>')
    .description(`one version of ${kindHelp}`)
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { client } = session;
      const at = toReference(reference);
      const kind = kindOf(reference);
      if (kind === 'entity') session.show(await client.entities.getVersion(at), describeEntity);
      else if (kind === 'service') session.show(await client.featureServices.get(at), describeService);
      else session.show(await client.features.get(at), describeView);
    });
  example(show, 'features show price_stats@latest');
  const versions = features
    .command('versions <name>')
    .description(`all versions of ${kindHelp}`)
    .addOption(limitOption())
    .action(async (text: string, { limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const { client } = session;
      const { name } = toTarget(text);
      const kind = kindOf(text);
      if (kind === 'entity') {
        const items = await listUpTo(limit, (page) => client.entities.listVersions({ name, ...page }));
        session.list(items, entityColumns, '');
      } else if (kind === 'service') {
        const items = await listUpTo(limit, (page) => client.featureServices.listVersions({ name, ...page }));
        session.list(items, serviceColumns, '');
      } else {
        const items = await listUpTo(limit, (page) => client.features.listVersions({ name, ...page }));
        session.list(items, viewColumns, '');
      }
    });
  example(versions, 'features versions price_stats');
}

const tagsOf = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

const aboutLines = (about: Pick<Entity, 'owner' | 'tags' | 'createdAt' | 'createdBy'>): string[] => [
  ...(about.owner ? [`owner      ${about.owner}`] : []),
  ...(Object.keys(about.tags).length > 0 ? [`tags       ${tagsOf(about.tags)}`] : []),
  `created    ${formatTime(about.createdAt)} by ${about.createdBy}`,
];

const titleOf = ({ reference, description }: Pick<Entity, 'reference' | 'description'>): string =>
  `${reference}  ${description}`.trimEnd();

const describeEntity = (entity: Entity): string[] => [
  titleOf(entity),
  `join keys  ${typed(entity.joinKeys)}`,
  ...aboutLines(entity),
];

const describeView = (view: FeatureView): string[] => [
  titleOf(view),
  `entity     ${[...view.entities, `(${view.entity.join(', ')})`].join(' ')}, at ${view.eventTime}${view.createdTime ? `, known at ${view.createdTime}` : ''}`,
  `reads      ${view.datasets.join(' ')}`,
  ...(view.ttl ? [`ttl        ${view.ttl}`] : []),
  ...(view.freshness ? [`freshness  ${view.freshness}`] : []),
  ...aboutLines(view),
  '',
  ...tableLines(view.features, { feature: (f) => f.name, type: (f) => f.type }),
  '',
  ...view.sql.replaceAll('\t', '  ').split('\n'),
];

const describeService = (service: FeatureService): string[] => [
  titleOf(service),
  `join keys  ${typed(service.joinKeys)}`,
  ...(service.request.length > 0 ? [`request    ${typed(service.request)}`] : []),
  ...aboutLines(service),
  '',
  ...tableLines(
    [
      ...service.views.flatMap(({ reference, features }) =>
        features.map(({ name, as, type }) => ({ name: as, type, from: `${reference}:${name}` })),
      ),
      ...service.onDemand.map(({ name, type, expression }) => ({ name, type, from: expression })),
    ],
    { feature: (f) => f.name, type: (f) => f.type, from: (f) => f.from },
  ),
];

interface SearchOptions extends Limited {
  readonly kind?: FeatureEntry['kind'];
}

function addSearch(features: Command): void {
  const search = features
    .command('search [words...]')
    .description('entities, views, services and features by name, description, owner, tag, column or dataset')
    .addOption(new Option('--kind <kind>', 'only these').choices(['entity', 'view', 'service', 'feature']))
    .addOption(limitOption())
    .action(async (words: string[], { kind, limit }: SearchOptions, command: Command) => {
      const session = sessionOf(command);
      const asked = { q: words.join(' '), ...(kind && { kind }) };
      const items = await listUpTo(limit, (page) => session.client.features.search({ ...asked, ...page }));
      session.list(
        items,
        {
          kind: (e) => e.kind,
          reference: (e) => e.reference,
          type: (e) => e.type ?? '–',
          owner: common.owner,
          tags: (e) => tagsOf(e.tags) || '–',
          description: common.description,
        },
        words.length > 0 ? `Nothing is found by: ${words.join(' ')}` : 'The catalogue is empty.',
      );
    });
  example(search, 'features search close --kind feature');
}

function addDelete(features: Command): void {
  const remove = features
    .command('delete <reference>')
    .description(`delete ${kindHelp}; without a number all its versions; refused while it is used`)
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { client } = session;
      const { name, version } = toTarget(reference);
      const kind = kindOf(reference);
      if (kind === 'entity') await client.entities.delete({ name });
      else {
        const domain = kind === 'service' ? client.featureServices : client.features;
        await (version === null ? domain.delete({ name }) : domain.deleteVersion({ name, version }));
      }
      session.show({ deleted: reference }, () => `${reference} is deleted.`);
    });
  example(remove, 'features delete price_stats@1');
}
