/** The live revision of an endpoint, made ready for the hot path: nothing in it is looked up or parsed per request. */
import type { FeatureView, ModelVersion, RuntimeStatus, Variant } from '@tidemill/contract';
import { compileExpression, type Expression } from '../../../base/expressions/cel.ts';
import type { ServiceRead } from '../../../data/features/service.ts';
import type { EndpointLog } from '../../predictions/service.ts';
import { type ModelInput, toModelInput } from '../reading/model-input.ts';
import { chainOf, type Definition, type RuleInput } from '../rules.ts';
import { isSlowToOpen, type RuntimeChoice } from '../runtimes/runtime-choice.ts';
import type { RuntimeLease, RuntimePool } from '../runtimes/runtime-pool.ts';
import { takesMatrix } from '../runtimes/served-model.ts';
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

/** What answers when the model of a variant cannot. */
export type LiveStep =
  | { readonly kind: 'model'; readonly variant: LiveVariant; readonly isPrevious: boolean }
  | { readonly kind: 'rule'; readonly rule: Expression }
  | { readonly kind: 'value'; readonly value: number };

export interface LiveEndpoint {
  readonly workspace: string;
  readonly name: string;
  readonly definition: Definition;
  readonly live: readonly LiveVariant[];
  /** Running sums of the live variants' weights. */
  readonly bounds: Float64Array;
  readonly shadows: readonly LiveVariant[];
  readonly chain: readonly LiveStep[];
  /** Models of the chain; the time of a request is divided among them. */
  readonly chainModels: number;
  /** Whether a rule or a constant answers at last. */
  readonly hasLastWord: boolean;
  readonly log: Pick<EndpointLog, 'append' | 'appendFailed' | 'flush'>;
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
export const silentLog: LiveEndpoint['log'] = {
  append: () => undefined,
  appendFailed: () => undefined,
  flush: async () => undefined,
};

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
    const variants = [...opened];
    const live = variants.filter((_, index) => !isShadow(index));
    const chain: LiveStep[] = [];
    for (const step of chainOf(definition)) {
      if (step === 'previous') continue;
      if ('rule' in step) chain.push({ kind: 'rule', rule: compileExpression(step.rule) });
      else if ('value' in step) chain.push({ kind: 'value', value: step.value });
      else {
        // Nothing is live without its last resort, but at a start the others go on without it.
        const variant = await openVariant(deps, request, {
          ...step,
          name: `fallback ${chain.length + 1}`,
          weight: 0,
        });
        opened.push(variant);
        chain.push({ kind: 'model', variant, isPrevious: step.previous === true });
      }
    }
    const weights = definition.variants.filter((variant) => !variant.shadow).map((variant) => variant.weight);
    return {
      workspace,
      name,
      definition,
      live,
      bounds: toBounds(weights),
      shadows: variants.filter((_, index) => isShadow(index)),
      chain,
      chainModels: chain.filter(({ kind }) => kind === 'model').length,
      hasLastWord: chain.some(({ kind }) => kind !== 'model'),
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
    const lease = await deps.pool.lease(version, choice, definition.maxConcurrency);
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

/** All that a revision has loaded. */
export const variantsOf = ({ live, shadows, chain }: LiveEndpoint): LiveVariant[] => [
  ...live,
  ...shadows,
  ...chain.flatMap((step) => (step.kind === 'model' ? [step.variant] : [])),
];

/** Also of a revision that never went live. */
export function releaseAll(endpoint: LiveEndpoint): void {
  for (const variant of variantsOf(endpoint)) variant.lease?.release();
}

export function runtimesOf(endpoint: LiveEndpoint): RuntimeStatus[] {
  return variantsOf(endpoint).map(({ name, model, choice, lease, isLater }) => {
    const found = lease?.model.runtime.describe();
    return {
      variant: name,
      model,
      kind: found?.kind ?? kindOf(choice, isLater),
      state: found?.state ?? (isLater ? 'starting' : 'dead'),
      pid: found?.pid ?? null,
      restarts: found?.restarts ?? 0,
      breaker: lease?.model.breaker.state() ?? 'closed',
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
