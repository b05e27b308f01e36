/** How each kind of thing in a project file is looked up, judged and brought to what the file says. */
import type { FeatureView, FeatureViewDefinition, ModelVersion } from '@tidemill/contract';
import { durationMs, formatDuration } from '../../base/duration.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Features } from '../../data/features/service.ts';
import type { Sources } from '../../data/sources/service.ts';
import type { Validation } from '../../data/validation/service.ts';
import type { Governance } from '../../models/governance/service.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Monitoring } from '../monitoring/service.ts';
import type { Retraining } from '../retraining/service.ts';
import {
  creation,
  type Kind,
  type KindOfThing,
  lastingPart,
  modelsOf,
  type Outlook,
  outlookOf,
  ownedFields,
  type PlanContext,
  readReference,
  thing,
  toProjectError,
  waitFor,
} from './rules.ts';
import { sourceKind } from './source-kind.ts';

export interface ProjectKindsDependencies {
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly validation: Pick<Validation, 'assertUsable' | 'findExpectations' | 'putExpectations'>;
  readonly sources: Pick<Sources, 'find' | 'create' | 'update'>;
  readonly features: Pick<Features, 'put' | 'preview' | 'resolveView'>;
  readonly registry: { resolve(reference: string, workspace: string): Promise<ModelVersion> };
  readonly governance: Pick<Governance, 'getGate' | 'putGate'>;
  readonly endpoints: Pick<Endpoints, 'currentDefinition' | 'put' | 'release'>;
  readonly monitoring: Pick<Monitoring, 'get' | 'put'>;
  readonly retraining: Pick<Retraining, 'findPolicy' | 'putPolicy'>;
}

/** Null for the errors that say "not there". */
async function find<T>(look: Promise<T>, ...codes: string[]): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof TidemillError && codes.includes(error.code)) return null;
    throw error;
  }
}

export function createProjectKinds(deps: ProjectKindsDependencies): Readonly<Record<Kind, KindOfThing>> {
  const { datasets, validation, features, registry, governance, endpoints, monitoring, retraining } = deps;

  /** What must be there first, or null. A view that this plan creates counts as there. */
  async function awaitView(reference: string, path: string, context: PlanContext): Promise<Outlook | null> {
    const { name, version } = readReference(reference, 'view', path);
    if (context.creating.has(`view:${name}`)) return null;
    const { workspace } = context.caller;
    const found = await find(
      features.resolveView(`${name}@${version}`, workspace),
      'featureViewNotFound',
      'featureViewVersionNotFound',
    );
    if (found) return null;
    if (context.file.featureViews?.[name] || (await findView(name, workspace)))
      return waitFor(`view:${name}@${version}`);
    const reason = `there is no feature view '${name}', and the file declares none`;
    throw errors.projectInvalid({ path, reason });
  }

  const findView = (name: string, workspace: string): Promise<FeatureView | null> =>
    find(
      features.resolveView(`${name}@latest`, workspace),
      'featureViewNotFound',
      'featureViewVersionNotFound',
    );

  async function awaitDataset(
    reference: string,
    path: string,
    context: PlanContext,
  ): Promise<Outlook | null> {
    const { name, version } = readReference(reference, 'dataset', path);
    const look = datasets.resolve(`${name}@${version}`, context.caller.workspace);
    if (await find(look, 'datasetNotFound', 'datasetVersionNotFound')) return null;
    return waitFor(`dataset:${name}@${version}`);
  }

  async function awaitEndpoint(name: string, path: string, context: PlanContext): Promise<Outlook | null> {
    if (context.creating.has(`endpoint:${name}`)) return null;
    const look = endpoints.currentDefinition(name, context.caller.workspace);
    if (await find(look, 'endpointNotFound')) return null;
    if (context.file.endpoints?.[name]) return waitFor(`endpoint:${name}`);
    const reason = `there is no endpoint '${name}', and the file declares none`;
    throw errors.projectInvalid({ path, reason });
  }

  /** Registered, and approved or overridden: else an endpoint cannot begin with it. */
  async function awaitModel(reference: string, path: string, context: PlanContext): Promise<Outlook | null> {
    const { name, version } = readReference(reference, 'model', path);
    const look = registry.resolve(`${name}@${version}`, context.caller.workspace);
    const found = await find(look, 'modelNotFound', 'modelVersionNotFound');
    if (found) {
      const isOut = found.approval === 'approved' || found.approval === 'overridden';
      return isOut ? null : waitFor(`approval:${found.reference}`);
    }
    const known = modelsOf(context.file);
    const isRegistered = await find(
      registry.resolve(`${name}@latest`, context.caller.workspace),
      'modelNotFound',
      'modelVersionNotFound',
    );
    if (isRegistered || known.length === 0 || known.includes(name))
      return waitFor(`model:${name}@${version}`);
    const reason = `no model '${name}' is registered, and the file speaks only of ${known.join(', ')}`;
    throw errors.projectInvalid({ path, reason });
  }

  /** Looks at all of them: what waits for one thing may still be wrong about another. */
  async function firstOf(looks: readonly (() => Promise<Outlook | null>)[]): Promise<Outlook | null> {
    const found: (Outlook | null)[] = [];
    for (const look of looks) found.push(await look());
    return found.find((outlook) => outlook !== null) ?? null;
  }

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

  return {
    /**
     * Its rows come by commits; the file says how to read them, which is kept with the project, and what every version
     * must be, which is held against commits.
     */
    datasets: {
      async look(name, { file, before, caller }) {
        const wanted = thing(file, 'datasets', name);
        const applied = before?.datasets?.[name] ?? null;
        if (!wanted.expectations) return outlookOf(applied, wanted);
        await validation.assertUsable(name, wanted.expectations, caller).catch((error: unknown) => {
          throw toProjectError(error, `datasets.${name}.expectations`);
        });
        const expectations = await validation.findExpectations(name, caller.workspace);
        return outlookOf(applied && { ...applied, expectations }, wanted);
      },
      async bring(name, _outlook, { file, caller }) {
        const { expectations } = thing(file, 'datasets', name);
        if (expectations) await validation.putExpectations({ name, expectations }, caller);
      },
    },

    sources: sourceKind(deps.sources),

    featureViews: {
      async look(name, context) {
        const wanted = thing(context.file, 'featureViews', name);
        const current = await findView(name, context.caller.workspace);
        const outlook = outlookOf(current && viewFields(current, wanted), viewFields(wanted, wanted));
        if (outlook.action === 'unchanged') return outlook;
        const tried = await tryView(name, context, features.preview({ ...wanted, limit: 1 }, context.caller));
        return 'action' in tried ? tried : outlook;
      },
      async bring(name, _outlook, { file, caller }) {
        await features.put({ name, ...thing(file, 'featureViews', name) }, caller);
      },
    },

    gates: {
      async look(name, { file, caller }) {
        const { rules } = thing(file, 'gates', name);
        for (const [index, rule] of rules.entries()) {
          try {
            compileExpression(rule.expression);
          } catch (error) {
            throw toProjectError(error, `gates.${name}.rules[${index}].expression`);
          }
        }
        const current = await find(governance.getGate({ name }, caller), 'gateNotFound');
        return outlookOf(current && { rules: current.rules }, { rules });
      },
      async bring(name, _outlook, { file, caller }) {
        await governance.putGate({ name, ...thing(file, 'gates', name) }, caller);
      },
    },

    endpoints: {
      async look(name, context) {
        const wanted = thing(context.file, 'endpoints', name);
        const { workspace } = context.caller;
        const current = await find(endpoints.currentDefinition(name, workspace), 'endpointNotFound');
        if (current) {
          const lasting = lastingPart(wanted);
          return outlookOf(ownedFields(current, lasting), lasting);
        }
        const wait = await firstOf(
          wanted.variants.flatMap(({ model, view }, index) => {
            const path = `endpoints.${name}.variants[${index}]`;
            return [
              () => awaitModel(model, `${path}.model`, context),
              async () => (view === undefined ? null : awaitView(view, `${path}.view`, context)),
            ];
          }),
        );
        return wait ?? creation(wanted);
      },
      async bring(name, outlook, { file, caller }) {
        const wanted = thing(file, 'endpoints', name);
        const reason = `project '${file.name}'`;
        if (outlook.action === 'create') await endpoints.put({ name, ...wanted, reason }, caller);
        else {
          const change: Parameters<typeof endpoints.release>[0]['change'] = (live) => ({
            ...live,
            ...lastingPart(wanted),
          });
          await endpoints.release({ endpoint: name, change, reason }, caller);
        }
      },
    },

    monitors: {
      async look(name, context) {
        const wanted = thing(context.file, 'monitors', name);
        const path = `monitors.${name}`;
        const { reference } = wanted;
        const wait = await firstOf([
          () => awaitEndpoint(wanted.endpoint, `${path}.endpoint`, context),
          async () =>
            reference === undefined ? null : awaitDataset(reference, `${path}.reference`, context),
        ]);
        if (wait) return wait;
        const current = await find(monitoring.get({ name }, context.caller), 'monitorNotFound');
        return outlookOf(current && declared(current), wanted);
      },
      async bring(name, _outlook, { file, caller }) {
        await monitoring.put({ name, ...thing(file, 'monitors', name) }, caller);
      },
    },

    retraining: {
      async look(name, context) {
        const wanted = thing(context.file, 'retraining', name);
        const path = `retraining.${name}`;
        const wait = await firstOf([
          () => awaitEndpoint(wanted.endpoint, `${path}.endpoint`, context),
          ...wanted.trainingSet.views.map(
            (view, index) => () => awaitView(view, `${path}.trainingSet.views[${index}]`, context),
          ),
        ]);
        if (wait) return wait;
        const current = await retraining.findPolicy(name, context.caller.workspace);
        return outlookOf(current && declared(current), wanted);
      },
      async bring(name, _outlook, { file, caller }) {
        await retraining.putPolicy({ name, ...thing(file, 'retraining', name) }, caller);
      },
    },
  };
}

/** A declared thing without what the server adds. */
function declared(found: object): object {
  const { name: _n, createdAt: _c, workspace: _w, ...definition } = found as Record<string, unknown>;
  return definition;
}

/** In the one spelling in which views are kept; of the keys, what the file says. */
const viewFields = (view: FeatureView | FeatureViewDefinition, wanted: FeatureViewDefinition) => ({
  description: view.description ?? '',
  owner: view.owner ?? '',
  tags: view.tags ?? {},
  sql: view.sql.trim().replace(/[;\s]+$/, ''),
  ...(wanted.entities && { entities: (view.entities ?? []).map((reference) => reference.split('@')[0]) }),
  ...(wanted.entity && { entity: view.entity }),
  eventTime: view.eventTime,
  createdTime: view.createdTime ?? null,
  ttl: spelled(view.ttl),
  freshness: spelled(view.freshness),
  online: view.online ?? {},
});

const spelled = (duration: string | null | undefined): string | null =>
  duration == null ? null : formatDuration(durationMs(duration));

function missingDataset({ code, details }: TidemillError): string | null {
  if (code === 'datasetNotFound') return String(details.name);
  return code === 'datasetVersionNotFound' ? String(details.reference) : null;
}
