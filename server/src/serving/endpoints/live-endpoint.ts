/** The live revision of an endpoint, made ready for the hot path: nothing in it is looked up or parsed per request. */
import type { EndpointRevision, FeatureView, ModelVersion, RuntimeStatus, Variant } from '@tidemill/contract';
import { compileExpression, type Expression } from '../../base/expressions/cel.ts';
import type { ServiceRead } from '../../data/features/service.ts';
import type { EndpointLog } from '../predictions/service.ts';
import { type ModelInput, toModelInput } from './model-input.ts';
import type { Definition, RuleInput } from './rules.ts';
import type { RuntimeLease, RuntimePool } from './runtime-pool.ts';
import { takesMatrix } from './served-model.ts';
import { toBounds } from './traffic-split.ts';

export interface LiveVariant {
  readonly name: string;
  readonly model: string;
  readonly isolation: EndpointRevision['isolation'];
  readonly view: FeatureView | null;
  readonly service: ServiceRead | null;
  /** Null when the model could not be loaded; `problem` says why. */
  readonly lease: RuntimeLease | null;
  readonly version: ModelVersion | null;
  /** Null also of a model that takes tensors only. */
  readonly input: ModelInput | null;
  /** Records travel as one array of numbers. */
  readonly isMatrix: boolean;
  readonly problem: string | null;
}

export interface LiveEndpoint {
  readonly workspace: string;
  readonly name: string;
  readonly definition: Definition;
  readonly live: readonly LiveVariant[];
  /** Running sums of the live variants' weights. */
  readonly bounds: Float64Array;
  readonly shadows: readonly LiveVariant[];
  readonly fallback: Expression | null;
  readonly log: Pick<EndpointLog, 'append' | 'flush'>;
  /** Requests and shadow predictions under way; a retired endpoint closes when there is none. */
  inFlight: number;
  retired: boolean;
}

export interface CompileDependencies {
  readonly pool: RuntimePool;
  readonly resolveModel: (reference: string, workspace: string) => Promise<ModelVersion>;
  readonly prepareService: (reference: string, workspace: string) => Promise<ServiceRead>;
  readonly resolveView: (reference: string, workspace: string) => Promise<FeatureView>;
  readonly openLog: (workspace: string, endpoint: string) => Promise<LiveEndpoint['log']>;
}

export interface CompileRequest {
  readonly workspace: string;
  readonly name: string;
  readonly definition: Definition;
  /** At start a model that cannot be loaded leaves the rule to answer; a release is refused instead. */
  readonly tolerant: boolean;
}

/** Loads every model, so that the switch to this revision costs no request anything. */
export async function compileEndpoint(
  deps: CompileDependencies,
  request: CompileRequest,
): Promise<LiveEndpoint> {
  const { workspace, name, definition } = request;
  const opened: LiveVariant[] = [];
  try {
    for (const variant of definition.variants) opened.push(await openVariant(deps, request, variant));
    const isShadow = (index: number) => definition.variants[index]?.shadow === true;
    const live = opened.filter((_, index) => !isShadow(index));
    const weights = definition.variants.filter((variant) => !variant.shadow).map((variant) => variant.weight);
    return {
      workspace,
      name,
      definition,
      live,
      bounds: toBounds(weights),
      shadows: opened.filter((_, index) => isShadow(index)),
      fallback: definition.fallback === null ? null : compileExpression(definition.fallback),
      log: await deps.openLog(workspace, name),
      inFlight: 0,
      retired: false,
    };
  } catch (error) {
    for (const variant of opened) variant.lease?.release();
    throw error;
  }
}

async function openVariant(
  deps: CompileDependencies,
  { workspace, definition, tolerant }: CompileRequest,
  { name, model, view, service }: Variant,
): Promise<LiveVariant> {
  const common = { name, model, isolation: definition.isolation };
  try {
    const version = await deps.resolveModel(model, workspace);
    const found = view === undefined ? null : await deps.resolveView(view, workspace);
    const prepared = service === undefined ? null : await deps.prepareService(service, workspace);
    const lease = await deps.pool.lease(version, definition.isolation);
    const input = toModelInput(version);
    const isMatrix = input?.isMatrix === true && takesMatrix(lease.model.runtime);
    return { ...common, view: found, service: prepared, lease, version, input, isMatrix, problem: null };
  } catch (error) {
    if (!tolerant) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...common,
      view: null,
      service: null,
      lease: null,
      version: null,
      input: null,
      isMatrix: false,
      problem: `model ${model} is not loaded: ${reason}`,
    };
  }
}

/** Frees the models when the last request that began on this revision has ended. */
export function retire(endpoint: LiveEndpoint): void {
  endpoint.retired = true;
  if (endpoint.inFlight === 0) releaseAll(endpoint);
}

export function leave(endpoint: LiveEndpoint): void {
  endpoint.inFlight--;
  if (endpoint.retired && endpoint.inFlight === 0) releaseAll(endpoint);
}

function releaseAll({ live, shadows }: LiveEndpoint): void {
  for (const variant of [...live, ...shadows]) variant.lease?.release();
}

export function runtimesOf({ live, shadows }: LiveEndpoint): RuntimeStatus[] {
  return [...live, ...shadows].map(({ name, model, isolation, lease }) => {
    const found = lease?.model.runtime.describe();
    return {
      variant: name,
      model,
      kind: found?.kind ?? (isolation === 'child-process' ? 'onnx-process' : 'onnx'),
      state: found?.state ?? 'dead',
      pid: found?.pid ?? null,
      restarts: found?.restarts ?? 0,
    };
  });
}

/** The rule's number. @throws expressionFailed */
export const evaluateRule = (rule: Expression, input: RuleInput): number =>
  rule.evaluateNumber({ record: input.record, features: input.features });
