/** Tensors through a live endpoint: the same split, features, rule, log and shadows as records have, without an object per row. */
import type { Row } from '@tidemill/contract';
import type { Tensor } from '../../../adapters/inference/tensors.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import type { Expression } from '../../../base/expressions/cel.ts';
import { parseReference } from '../../../base/references.ts';
import { halfToNumber } from '../reading/model-output.ts';
import { evaluateRule, type LiveEndpoint, type LiveStep, type LiveVariant } from './live-endpoint.ts';
import { guard, type Question, reasonOf } from './predict.ts';
import { pickIndex } from './traffic-split.ts';

/** What one variant made of the tensors. */
export interface Inferred {
  readonly variant: LiveVariant;
  readonly outputs: readonly Tensor[] | null;
  /** Why there are none. */
  readonly reason: string | null;
  readonly queueMs: number;
  readonly inferenceMs: number;
  /** What has stood in already, as its features had been looked up. */
  readonly stood?: TensorStandIn;
}

/** The model's features, side by side or in a tensor per column; null for tensors that are no table. */
export interface TensorTable {
  readonly rowCount: number;
  readonly columns: readonly string[];
  /** One number or text, by row and column. */
  cell(row: number, column: number): unknown;
}

export const versionOf = (model: string): string => parseReference(model).version ?? '';

/**
 * One variant answers the whole request, by the split unless a version is asked for.
 * @throws endpointVersionNotFound naming the versions that there are
 */
export function pickVariant(
  endpoint: LiveEndpoint,
  version: string | undefined,
  key: string,
  eventTime: number,
): LiveVariant {
  const { live, bounds, shadows } = endpoint;
  const split = live[live.length === 1 ? 0 : pickIndex(bounds, key, eventTime)] as LiveVariant;
  if (version === undefined || versionOf(split.model) === version) return split;
  const found = [...live, ...shadows].find(({ model }) => versionOf(model) === version);
  if (found) return found;
  throw errors.endpointVersionNotFound({
    endpoint: endpoint.name,
    version: version.slice(0, 40),
    live: versionsOf(endpoint).join(', '),
  });
}

/** Numbers of the model versions that an endpoint serves, those of shadows last. */
export const versionsOf = ({ live, shadows }: LiveEndpoint): string[] => [
  ...new Set([...live, ...shadows].map(({ model }) => versionOf(model))),
];

const isColumn = ({ shape }: Tensor): boolean => shape.length === 1 || (shape.length === 2 && shape[1] === 1);

export function cellAt({ data, datatype }: Tensor, at: number): unknown {
  const cell = data[at];
  if (datatype === 'BOOL') return cell === 1;
  if (datatype === 'FP16') return halfToNumber(cell as number);
  if (typeof cell === 'bigint') return Number(cell);
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell;
}

/** @returns null for what has no rows of named columns */
export function toTable(inputs: readonly Tensor[], names: readonly string[] | null): TensorTable | null {
  const [only] = inputs;
  if (!only || names === null) return null;
  const [rowCount = 0, width] = only.shape;
  if (inputs.length === 1 && only.shape.length === 2 && width === names.length && !isNamedColumn(only, names))
    return { rowCount, columns: names, cell: (row, column) => cellAt(only, row * names.length + column) };
  if (!inputs.every((input) => isColumn(input) && input.shape[0] === rowCount)) return null;
  return {
    rowCount,
    columns: inputs.map(({ name }) => name),
    cell: (row, column) => cellAt(inputs[column] as Tensor, row),
  };
}

const isNamedColumn = (tensor: Tensor, names: readonly string[]): boolean =>
  names.length === 1 && names[0] === tensor.name;

export const rowOf = ({ columns, cell }: TensorTable, row: number): Row =>
  Object.fromEntries(columns.map((name, column) => [name, cell(row, column)]));

/** A table of numbers goes on as it is, or as 32-bit floats where the model takes these; requests go together. */
export async function askTensors(
  question: Pick<Question, 'endpoint' | 'until' | 'isGone'>,
  variant: LiveVariant,
  inputs: readonly Tensor[],
  wanted: readonly string[] | undefined,
  modelsAfter: number = question.endpoint.chainModels,
): Promise<Inferred> {
  const { lease } = variant;
  const silent = (reason: string): Inferred => ({
    ...{ variant, outputs: null, reason, queueMs: 0, inferenceMs: 0 },
  });
  if (!lease) return silent(variant.problem ?? 'the model is not loaded');
  const { isGone } = question;
  const [only] = inputs;
  const rowCount = only?.shape[0] ?? 1;
  const { table, whole } = lease.model;
  const matrix = only && inputs.length === 1 && variant.isMatrix ? toMatrix(only, variant) : null;
  const guarded = await guard(question, variant, modelsAfter, (timeoutMs) =>
    matrix
      ? table.submit([matrix], rowCount, timeoutMs, isGone)
      : whole.submit({ inputs, ...(wanted && { wanted }) }, rowCount, timeoutMs, isGone),
  );
  if (typeof guarded === 'string') return silent(guarded);
  const { output, ...times } = guarded;
  const outputs = wanted ? chooseOutputs(output, wanted) : output;
  const reason = outputProblem(outputs, matrix ? rowCount : null);
  return { variant, outputs: reason === null ? outputs : null, reason, ...times };
}

/** Null for what is not the model's one array of numbers. */
function toMatrix(tensor: Tensor, { input }: LiveVariant): Tensor | null {
  const width = input?.names.length ?? 0;
  const { shape, data, datatype } = tensor;
  const isTable = shape.length === 2 && shape[1] === width && (shape[0] ?? 0) > 0;
  if (!isTable || datatype === 'BYTES' || datatype === 'FP16') return null;
  if (data instanceof Float32Array) return tensor;
  const rows = Float32Array.from(data as ArrayLike<number | bigint>, Number);
  return { ...tensor, datatype: 'FP32', data: rows };
}

function chooseOutputs(outputs: readonly Tensor[], wanted: readonly string[]): readonly Tensor[] {
  return wanted.map((name) => {
    const found = outputs.find((output) => output.name === name);
    if (found) return found;
    const known = outputs.map((output) => `'${output.name}'`).join(', ');
    throw errors.modelInputInvalid({
      expected: `a wish for its outputs (${known})`,
      found: `one for '${name}'`,
    });
  });
}

/** Null where each row has its value and each number is finite. */
function outputProblem(outputs: readonly Tensor[], rowCount: number | null): string | null {
  if (outputs.length === 0) return 'the model gave no output';
  for (const { name, shape, data } of outputs) {
    if (rowCount !== null && (shape[0] ?? 1) !== rowCount)
      return `the model gave ${shape[0] ?? 1} values in '${name}' for ${rowCount} rows`;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const bad = findNotFinite(data);
    if (bad !== -1) return `the model predicted ${data[bad]} in '${name}'`;
  }
  return null;
}

function findNotFinite(data: Float32Array | Float64Array): number {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value - value !== 0) return i;
  }
  return -1;
}

const mostRuled = 10_000;

/** What stands in for the model, as tensors. */
export interface TensorStandIn {
  readonly outputs: readonly Tensor[];
  readonly model: string;
  readonly step: 'previous' | 'model' | 'rule' | 'value';
}

/** Step by step through the chain. @throws predictionUnavailable when it ends without an answer */
export async function standInForTensors(
  question: Pick<Question, 'endpoint' | 'until' | 'isGone'> & { readonly forcedStep: number },
  request: { readonly inputs: readonly Tensor[]; readonly wanted: readonly string[] | undefined },
  table: TensorTable | null,
  reason: string,
): Promise<TensorStandIn> {
  const { chain, name } = question.endpoint;
  const failures: string[] = [];
  for (const [at, step] of chain.entries()) {
    if (at < question.forcedStep) continue;
    if (step.kind === 'value')
      return { outputs: [constant(step.value, table)], model: 'fallback', step: 'value' };
    const found =
      step.kind === 'rule' ? ruleTensor(step.rule, table) : await askStep(question, step, at, request);
    if (typeof found === 'string') failures.push(found);
    else if (step.kind === 'rule') return { outputs: found, model: 'fallback', step: 'rule' };
    else return { outputs: found, model: step.variant.model, step: step.isPrevious ? 'previous' : 'model' };
  }
  const said =
    failures.length === 0 ? `${reason}, and it has no fallback rule` : [reason, ...failures].join('; ');
  throw errors.predictionUnavailable({ endpoint: name, reason: said });
}

async function askStep(
  question: Pick<Question, 'endpoint' | 'until' | 'isGone'>,
  { variant }: Extract<LiveStep, { kind: 'model' }>,
  at: number,
  { inputs, wanted }: { readonly inputs: readonly Tensor[]; readonly wanted: readonly string[] | undefined },
): Promise<readonly Tensor[] | string> {
  if (variant.view || variant.service)
    return `${variant.model} was not asked, as its features are looked up by records`;
  const modelsAfter = question.endpoint.chain.slice(at + 1).filter(({ kind }) => kind === 'model').length;
  // Tensors that fit the endpoint's own model need not fit this one.
  const { outputs, reason } = await askTensors(question, variant, inputs, wanted, modelsAfter).catch(
    (error: unknown) => {
      if (error instanceof TidemillError && error.code === 'computeCancelled') throw error;
      return { outputs: null, reason: reasonOf(error) };
    },
  );
  return outputs ?? `${variant.model} failed too: ${(reason ?? 'no reason known').replace(/\.$/, '')}`;
}

const constant = (value: number, table: TensorTable | null): Tensor => {
  const rowCount = table?.rowCount ?? 1;
  return {
    name: 'prediction',
    datatype: 'FP64',
    shape: [rowCount],
    data: new Float64Array(rowCount).fill(value),
  };
};

/** The rule's answer for each row, as the endpoint's one output; or why there is none. */
function ruleTensor(rule: Expression, table: TensorTable | null): Tensor[] | string {
  const rowCount = table?.rowCount ?? 1;
  if (rowCount > mostRuled) return `its rule answers at most ${mostRuled} rows at once`;
  try {
    const data = Float64Array.from({ length: rowCount }, (_, row) => {
      const record = table ? rowOf(table, row) : {};
      return evaluateRule(rule, { record, features: record });
    });
    const bad = findNotFinite(data);
    if (bad !== -1) throw new Error(`it gives ${data[bad]}`);
    return [{ name: 'prediction', datatype: 'FP64', shape: [rowCount], data }];
  } catch (error) {
    const failed = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
    return `its rule failed too: ${failed}`;
  }
}
