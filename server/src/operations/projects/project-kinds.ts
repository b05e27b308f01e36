/** How each kind of thing in a project file is looked up, judged and brought to what the file says. */
import type { FallbackStep, ModelVersion } from '@tidemill/contract';
import type { Grants } from '../../access/grants/service.ts';
import { errors } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Sources } from '../../data/sources/service.ts';
import type { Validation } from '../../data/validation/service.ts';
import type { Governance } from '../../models/governance/service.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Monitoring } from '../monitoring/service.ts';
import type { Pipelines } from '../pipelines/service.ts';
import type { Retraining } from '../retraining/service.ts';
import { createFeatureKinds, type FeatureKindsDependencies } from './feature-kinds.ts';
import { grantsKind } from './grants-kind.ts';
import {
  creation,
  find,
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

export interface ProjectKindsDependencies extends FeatureKindsDependencies {
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly validation: Pick<Validation, 'assertUsable' | 'findExpectations' | 'putExpectations'>;
  readonly sources: Pick<Sources, 'find' | 'create' | 'update'>;
  readonly registry: { resolve(reference: string, workspace: string): Promise<ModelVersion> };
  readonly governance: Pick<Governance, 'getGate' | 'putGate'>;
  readonly pipelines: Pick<Pipelines, 'getCases' | 'putCases' | 'assertCases'>;
  readonly endpoints: Pick<Endpoints, 'currentDefinition' | 'put' | 'release'>;
  readonly monitoring: Pick<Monitoring, 'get' | 'put'>;
  readonly retraining: Pick<Retraining, 'findPolicy' | 'putPolicy'>;
  readonly grants: Pick<Grants, 'findHeld' | 'assertWanted' | 'set' | 'ensureInvokers'>;
}

export function createProjectKinds(deps: ProjectKindsDependencies): Readonly<Record<Kind, KindOfThing>> {
  const { datasets, validation, registry, governance, pipelines, endpoints, monitoring, retraining } = deps;
  const featureKinds = createFeatureKinds(deps);
  const { awaitView, awaitService } = featureKinds;

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

    ...featureKinds.kinds,

    gates: {
      async look(name, { file, caller }) {
        const { rules, approval = null, environments = {} } = thing(file, 'gates', name);
        for (const [index, rule] of rules.entries()) {
          try {
            compileExpression(rule.expression);
          } catch (error) {
            throw toProjectError(error, `gates.${name}.rules[${index}].expression`);
          }
        }
        const current = await find(governance.getGate({ name }, caller), 'gateNotFound');
        const declared = current && {
          ...{ rules: current.rules, approval: current.approval, environments: current.environments },
        };
        return outlookOf(declared, { rules, approval, environments });
      },
      async bring(name, _outlook, { file, caller }) {
        await governance.putGate({ name, ...thing(file, 'gates', name) }, caller);
      },
    },

    tests: {
      async look(name, { file, caller }) {
        const wanted = thing(file, 'tests', name);
        try {
          pipelines.assertCases(name, wanted);
        } catch (error) {
          throw toProjectError(error, `tests.${name}`);
        }
        const { features = [], acceptance = [] } = wanted;
        const current = await find(pipelines.getCases({ name }, caller), 'testCasesNotFound');
        return outlookOf(current && { features: current.features, acceptance: current.acceptance }, {
          features,
          acceptance,
        });
      },
      async bring(name, _outlook, { file, caller }) {
        await pipelines.putCases({ name, ...thing(file, 'tests', name) }, caller);
      },
    },

    endpoints: {
      async look(name, context) {
        const wanted = thing(context.file, 'endpoints', name);
        const { workspace } = context.caller;
        const current = await find(endpoints.currentDefinition(name, workspace), 'endpointNotFound');
        if (current) {
          const lasting = lastingPart(wanted);
          return outlookOf(ownedFields(asWritten(current), lasting), lasting);
        }
        const wait = await firstOf(
          wanted.variants.flatMap(({ model, view, service }, index) => {
            const path = `endpoints.${name}.variants[${index}]`;
            return [
              () => awaitModel(model, `${path}.model`, context),
              async () => (view === undefined ? null : awaitView(view, `${path}.view`, context)),
              async () => (service === undefined ? null : awaitService(service, `${path}.service`, context)),
            ];
          }),
        );
        return wait ?? creation(wanted);
      },
      async bring(name, outlook, { file, caller }) {
        const wanted = thing(file, 'endpoints', name);
        const reason = `project '${file.name}'`;
        if (outlook.action === 'create') {
          await deps.grants.ensureInvokers(name, caller);
          await endpoints.put({ name, ...wanted, reason }, caller);
        } else {
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
          async () =>
            wanted.endpoint === undefined
              ? null
              : awaitEndpoint(wanted.endpoint, `${path}.endpoint`, context),
          async () => (wanted.view === undefined ? null : awaitView(wanted.view, `${path}.view`, context)),
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
        const { views = [], service } = wanted.trainingSet;
        const wait = await firstOf([
          () => awaitEndpoint(wanted.endpoint, `${path}.endpoint`, context),
          ...views.map(
            (view, index) => () => awaitView(view, `${path}.trainingSet.views[${index}]`, context),
          ),
          async () =>
            service === undefined ? null : awaitService(service, `${path}.trainingSet.service`, context),
        ]);
        if (wait) return wait;
        const current = await retraining.findPolicy(name, context.caller.workspace);
        return outlookOf(current && declared(current), wanted);
      },
      async bring(name, _outlook, { file, caller }) {
        await retraining.putPolicy({ name, ...thing(file, 'retraining', name) }, caller);
      },
    },

    grants: grantsKind(deps.grants),
  };
}

/** A declared thing without what the server adds. */
function declared(found: object): object {
  const { name: _n, createdAt: _c, workspace: _w, ...definition } = found as Record<string, unknown>;
  return definition;
}

/** A file says `previous` where a revision names the version it was then. */
const asWritten = <T extends { readonly fallbacks: readonly FallbackStep[] }>(definition: T): T => ({
  ...definition,
  fallbacks: definition.fallbacks.map((step) =>
    typeof step === 'object' && 'previous' in step ? 'previous' : step,
  ),
});
