/** Entities, feature views and feature services of a project file. */
import type {
  Entity,
  EntityDefinition,
  FeatureService,
  FeatureServiceDefinition,
  FeatureView,
  FeatureViewDefinition,
} from '@tidemill/contract';
import { durationMs, formatDuration } from '../../base/duration.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { type Features, namedAggregations } from '../../data/features/service.ts';
import {
  find,
  type KindOfThing,
  type Outlook,
  outlookOf,
  type PlanContext,
  type PlannedView,
  readReference,
  thing,
  toProjectError,
  waitFor,
} from './rules.ts';

export interface FeatureKindsDependencies {
  readonly features: Pick<Features, 'put' | 'tryOut' | 'resolveView'> & {
    readonly entities: Pick<Features['entities'], 'put' | 'resolve'>;
    readonly services: Pick<Features['services'], 'put' | 'resolve' | 'check'>;
  };
}

/** What an update of these makes is a new version, which whoever names it without a number follows. */
const entityMeaning = new Set(['joinKeys']);
const viewMeaning = new Set([
  ...['sql', 'entities', 'entity', 'eventTime', 'createdTime', 'ttl', 'stream', 'aggregations'],
]);

export function createFeatureKinds({ features }: FeatureKindsDependencies) {
  const { entities, services } = features;
  const notThere = ['featureViewNotFound', 'featureViewVersionNotFound'];
  const findView = (reference: string, workspace: string): Promise<FeatureView | null> =>
    find(features.resolveView(reference, workspace), ...notThere);
  const findService = (reference: string, workspace: string): Promise<FeatureService | null> =>
    find(services.resolve(reference, workspace), 'featureServiceNotFound', 'featureServiceVersionNotFound');
  const findEntity = (reference: string, workspace: string): Promise<Entity | null> =>
    find(entities.resolve(reference, workspace), 'entityNotFound', 'entityVersionNotFound');

  /** What must be there first, or null. A view that this plan creates counts as there. */
  async function awaitView(reference: string, path: string, context: PlanContext): Promise<Outlook | null> {
    const { name, version } = readReference(reference, 'view', path);
    if (context.creating.has(`view:${name}`)) return null;
    const { workspace } = context.caller;
    if (await findView(`${name}@${version}`, workspace)) return null;
    if (context.file.featureViews?.[name] || (await findView(`${name}@latest`, workspace)))
      return waitFor(`view:${name}@${version}`);
    const reason = `there is no feature view '${name}', and the file declares none`;
    throw errors.projectInvalid({ path, reason });
  }

  /** The same of a service. */
  async function awaitService(
    reference: string,
    path: string,
    context: PlanContext,
  ): Promise<Outlook | null> {
    const { name, version } = readReference(reference, 'service', path);
    if (context.creating.has(`service:${name}`)) return null;
    const { workspace } = context.caller;
    if (await findService(`${name}@${version}`, workspace)) return null;
    if (context.file.featureServices?.[name] || (await findService(`${name}@latest`, workspace)))
      return waitFor(`service:${name}@${version}`);
    const reason = `there is no feature service '${name}', and the file declares none`;
    throw errors.projectInvalid({ path, reason });
  }

  /** What a view's entities are now: `customer@2`; the bare name of one that this plan makes or moves. */
  async function entitiesOf(
    name: string,
    { entities: names }: FeatureViewDefinition,
    context: PlanContext,
  ): Promise<string[] | undefined> {
    if (names === undefined) return undefined;
    const found: string[] = [];
    for (const [index, text] of names.entries()) {
      const path = `featureViews.${name}.entities[${index}]`;
      const reference = readReference(text, 'entity', path);
      const isOurs =
        context.creating.has(`entity:${reference.name}`) || follows(context, 'entity', reference);
      const entity = isOurs
        ? null
        : await findEntity(`${reference.name}@${reference.version}`, context.caller.workspace);
      if (!isOurs && !entity) {
        const reason = `there is no entity '${text}', and the file declares none`;
        throw errors.projectInvalid({ path, reason });
      }
      found.push(entity?.reference ?? reference.name);
    }
    return found;
  }

  /** The views of a service in their versions of now; null for those that this plan makes or moves. */
  async function viewsOf(
    { features: members }: FeatureServiceDefinition,
    context: PlanContext,
  ): Promise<(string | null)[]> {
    const names = [...new Set(members.map(viewOf))];
    const found: (string | null)[] = [];
    for (const text of names) {
      const reference = readReference(text, 'view', text);
      const isMoving = context.creating.has(`view:${reference.name}`) || follows(context, 'view', reference);
      const view = isMoving
        ? null
        : await findView(`${reference.name}@${reference.version}`, context.caller.workspace);
      found.push(view?.reference ?? null);
    }
    return found;
  }

  /** Entities that this plan makes or moves are not there yet: a view is tried with the keys they will have. */
  async function withKeys(
    wanted: FeatureViewDefinition,
    named: readonly string[] | undefined,
    context: PlanContext,
  ): Promise<FeatureViewDefinition> {
    if (!named?.some((reference) => !reference.includes('@'))) return wanted;
    const { entities: _, ...bare } = wanted;
    const keys: string[] = [];
    for (const reference of named) {
      const found = reference.includes('@')
        ? await entities.resolve(reference, context.caller.workspace)
        : thing(context.file, 'entities', reference);
      keys.push(...found.joinKeys.map((key) => key.name));
    }
    return { ...bare, entity: keys };
  }

  const entityKind: KindOfThing = {
    async look(name, context) {
      const wanted = thing(context.file, 'entities', name);
      const current = await findEntity(name, context.caller.workspace);
      const outlook = outlookOf(current && entityFields(current), entityFields(wanted));
      return note(context, `entity:${name}`, outlook, entityMeaning);
    },
    async bring(name, _outlook, { file, caller }) {
      await entities.put({ name, ...thing(file, 'entities', name) }, caller);
    },
  };

  const viewKind: KindOfThing = {
    async look(name, context) {
      const wanted = thing(context.file, 'featureViews', name);
      const current = await findView(`${name}@latest`, context.caller.workspace);
      const named = await entitiesOf(name, wanted, context);
      const outlook = outlookOf(
        current && viewFields(current, wanted, current.entities),
        viewFields(wanted, wanted, named),
      );
      if (outlook.action === 'unchanged') return outlook;
      note(context, `view:${name}`, outlook, viewMeaning);
      const definition = await withKeys(wanted, named, context);
      const options = { workspace: context.caller.workspace, rows: 1 };
      const tried = await tryView(
        name,
        context,
        features.tryOut(`feature view '${name}'`, definition, options),
      );
      if ('action' in tried) return tried;
      const { features: given, joinKeys } = tried.meaning;
      context.planned.set(name, { name, reference: `${name}@latest`, features: given, joinKeys });
      return outlook;
    },
    async bring(name, _outlook, { file, caller }) {
      await features.put({ name, ...thing(file, 'featureViews', name) }, caller);
    },
  };

  const serviceKind: KindOfThing = {
    async look(name, context) {
      const wanted = thing(context.file, 'featureServices', name);
      for (const [index, member] of wanted.features.entries()) {
        const path = `featureServices.${name}.features[${index}]`;
        const wait = await awaitView(viewOf(member), path, context);
        if (wait) return wait;
      }
      const current = await findService(name, context.caller.workspace);
      const views = current?.views.map(({ reference }) => reference) ?? [];
      const wantedViews = await viewsOf(wanted, context);
      const outlook = outlookOf(current && serviceFields(current, views), serviceFields(wanted, wantedViews));
      if (outlook.action !== 'unchanged')
        await services
          .check({ name, ...wanted }, context.caller.workspace, plannedView(context))
          .catch((error: unknown) => {
            throw toProjectError(error, `featureServices.${name}`);
          });
      return outlook;
    },
    async bring(name, _outlook, { file, caller }) {
      await services.put({ name, ...thing(file, 'featureServices', name) }, caller);
    },
  };

  return {
    awaitView,
    awaitService,
    kinds: { entities: entityKind, featureViews: viewKind, featureServices: serviceKind },
  };
}

const plannedView =
  ({ planned, creating }: PlanContext) =>
  (text: string): PlannedView | undefined => {
    const { name, version } = readReference(text, 'view', text);
    return version === 'latest' || creating.has(`view:${name}`) ? planned.get(name) : undefined;
  };

/** Named without a number, so it goes where the plan brings it. */
const follows = (
  { moving }: PlanContext,
  kind: string,
  { name, version }: { name: string; version: string },
): boolean => version === 'latest' && moving.has(`${kind}:${name}`);

function note(context: PlanContext, uri: string, outlook: Outlook, meaning: ReadonlySet<string>): Outlook {
  const isNew = outlook.changes.some((change) => meaning.has(change.split('.')[0] ?? ''));
  if (outlook.action === 'update' && isNew) context.moving.add(uri);
  return outlook;
}

/** `price_stats@2` of `price_stats@2:close as last_close`. */
const viewOf = (member: string): string => /^[^:\s]*/.exec(member.trim())?.[0] ?? member;

/** A view whose datasets are not committed yet is waited for; any other failure is the file's. */
async function tryView<T>(name: string, context: PlanContext, work: Promise<T>): Promise<T | Outlook> {
  const path = `featureViews.${name}.sql`;
  try {
    return await work;
  } catch (error) {
    const missing = error instanceof TidemillError ? missingDataset(error) : null;
    if (missing === null) throw toProjectError(error, path);
    const declared = Object.keys(context.file.datasets ?? {});
    if (declared.length === 0 || declared.includes(missing.split('@')[0] ?? ''))
      return waitFor(`dataset:${missing}`);
    const reason = `it reads '${missing}', which is not committed and not among the file's datasets (${declared.join(', ')})`;
    throw errors.projectInvalid({ path, reason }, error);
  }
}

function missingDataset({ code, details }: TidemillError): string | null {
  if (code === 'datasetNotFound') return String(details.name);
  return code === 'datasetVersionNotFound' ? String(details.reference) : null;
}

const aboutFields = (about: Pick<EntityDefinition, 'description' | 'owner' | 'tags'>) => ({
  description: about.description ?? '',
  owner: about.owner ?? '',
  tags: about.tags ?? {},
});

const entityFields = (entity: Entity | EntityDefinition) => ({
  ...aboutFields(entity),
  joinKeys: entity.joinKeys.map(({ name, type }) => ({ name, type })),
});

/** In the one spelling in which views are kept; of the keys, what the file says. */
const viewFields = (
  view: FeatureView | FeatureViewDefinition,
  wanted: FeatureViewDefinition,
  entities: readonly string[] | undefined,
) => ({
  ...aboutFields(view),
  sql: (view.sql ?? `select * from "${view.stream?.dataset}"`).trim().replace(/[;\s]+$/, ''),
  ...(wanted.entities && { entities }),
  ...(wanted.entity && { entity: view.entity }),
  eventTime: view.eventTime,
  createdTime: view.createdTime ?? null,
  ttl: spelled(view.ttl),
  freshness: spelled(view.freshness),
  online: view.online ?? {},
  stream: view.stream ?? null,
  aggregations: namedAggregations(view.aggregations ?? []),
});

const spelled = (duration: string | null | undefined): string | null =>
  duration == null ? null : formatDuration(durationMs(duration));

const serviceFields = (
  service: FeatureService | FeatureServiceDefinition,
  views: readonly (string | null)[],
) => ({
  ...aboutFields(service),
  features: service.features,
  views,
  request: (service.request ?? []).map(({ name, type }) => ({ name, type })),
  onDemand: (service.onDemand ?? []).map(({ name, type, expression }) => ({ name, type, expression })),
});
