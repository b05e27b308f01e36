/** The live revision of an endpoint, made ready for the hot path: nothing in it is looked up or parsed per request. */
import type { FeatureView, ModelVersion, RuntimeStatus, Variant } from '@tidemill/contract';
import { compileExpression, type Expression } from '../../base/expressions/cel.ts';
import type { ServiceRead } from '../../data/features/service.ts';
import type { EndpointLog } from '../predictions/service.ts';
import { type ModelInput, toModelInput } from './model-input.ts';
import type { Definition, RuleInput } from './rules.ts';
import { isSlowToOpen, type RuntimeChoice } from './runtime-choice.ts';
import type { RuntimeLease, RuntimePool } from './runtime-pool.ts';
import { takesMatrix } from './served-model.ts';
import { toBounds } from './traffic-split.ts';

export interface LiveVariant {
  readonly name: string;
  readonly model: string;
  readonly choice: RuntimeChoice;
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
  /** Left out for now. */
  readonly isLater: boolean;
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
  /** Leaves out models that take long to start: they are loaded afterwards. */
  readonly isQuick?: boolean;
}

/** Of an endpoint that keeps nothing of what it is asked. */
export const silentLog: LiveEndpoint['log'] = { append: () => undefined, flush: async () => undefined };

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
      log: definition.log === 'off' ? silentLog : await deps.openLog(workspace, name),
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
  { workspace, definition, tolerant, isQuick }: CompileRequest,
  { name, model, view, service, runtime = 'auto' }: Variant,
): Promise<LiveVariant> {
  const choice: RuntimeChoice = { isolation: definition.isolation, runtime };
  const common = { name, model, choice, isLater: false };
  try {
    const version = await deps.resolveModel(model, workspace);
    if (isQuick && isSlowToOpen(version, choice))
      return { ...unopened(common, `model ${model} is being loaded`), isLater: true };
    const found = view === undefined ? null : await deps.resolveView(view, workspace);
    const prepared = service === undefined ? null : await deps.prepareService(service, workspace);
    const lease = await deps.pool.lease(version, choice);
    const input = toModelInput(version);
    const isMatrix = input?.isMatrix === true && takesMatrix(lease.model.runtime);
    return { ...common, view: found, service: prepared, lease, version, input, isMatrix, problem: null };
  } catch (error) {
    if (!tolerant) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return unopened(common, `model ${model} is not loaded: ${reason}`);
  }
}

const unopened = (
  common: Pick<LiveVariant, 'name' | 'model' | 'choice' | 'isLater'>,
  problem: string,
): LiveVariant => ({
  ...common,
  ...{ view: null, service: null, lease: null, version: null, input: null, isMatrix: false },
  problem,
});

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
  return [...live, ...shadows].map(({ name, model, choice, lease, isLater }) => {
    const found = lease?.model.runtime.describe();
    return {
      variant: name,
      model,
      kind: found?.kind ?? kindOf(choice, isLater),
      state: found?.state ?? (isLater ? 'starting' : 'dead'),
      pid: found?.pid ?? null,
      restarts: found?.restarts ?? 0,
    };
  });
}

const kindOf = ({ isolation, runtime }: RuntimeChoice, isLater: boolean): string => {
  if (isLater || runtime === 'python') return 'python';
  return isolation === 'child-process' ? 'onnx-process' : 'onnx';
};

/** The rule's number. @throws expressionFailed */
export const evaluateRule = (rule: Expression, input: RuleInput): number =>
  rule.evaluateNumber({ record: input.record, features: input.features });
