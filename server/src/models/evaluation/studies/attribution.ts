/** Exact attributions of a tree ensemble's answers to its features. */
import type { AttributionReport, ModelVersion } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import type { Registry } from '../../registry/service.ts';
import type { Attributed, AttributionInput } from './attribution-work.ts';
import { type OnStep, type StudyInput, shared } from './rules.ts';
import { type Studied, type StudyDependencies, samplePlaces } from './sampling.ts';

const module = new URL('./attribution-work.ts', import.meta.url);
const mostBackground = 20_000;

export interface AttributionDependencies extends StudyDependencies {
  readonly registry: Pick<Registry, 'onnxFile'>;
  readonly learners: {
    parseRecipe(
      value: unknown,
      where: string,
    ): Parameters<StudyDependencies['predictors']['readTrainingSet']>[0];
  };
}

interface Watched {
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

export async function studyAttribution(
  deps: AttributionDependencies,
  studied: Studied,
  request: StudyInput,
  watched: Watched,
): Promise<AttributionReport> {
  const { model, rows, columns, opened } = studied;
  const { signal, onStep } = watched;
  const features = model.inputs.map(({ name }) => name);
  if (!model.flavors.includes('onnx'))
    throw errors.attributionImpossible({ model: model.reference, reason: 'it has no ONNX flavor' });
  const { path } = await deps.registry.onnxFile(model);
  const background = await readBackground(deps, studied, watched);
  const given = await opened.predict({ rows, columns });
  const input: AttributionInput = {
    path,
    features,
    columns: features.map((name) => columns.get(name) ?? new Float64Array(rows)),
    rows,
    background: { columns: background.columns, rows: background.rows },
    given,
    kept: keptRows(studied, request),
    alpha: request.alpha ?? 0.05,
  };
  onStep(`attributing ${rows} answers to ${features.length} features`);
  const found = await deps.compute.compute<Attributed>(
    { module, name: 'attribute', input },
    {
      signal,
      onProgress: ({ fraction }: { readonly fraction: number }) =>
        onStep(`attributing ${rows} answers to ${features.length} features`, fraction),
    },
  );
  if ('refused' in found)
    throw errors.attributionImpossible({ model: model.reference, reason: found.refused });
  const { rows: count, of } = background;
  return { method: 'tree-shap', background: { rows: count, of }, features, ...found };
}

/** The rows that were asked for, or an even spread. @throws evaluationRequestInvalid */
function keptRows({ places, rows, ofRows }: Studied, { attribution = {} }: StudyInput) {
  const { points = 200, places: wanted } = attribution;
  if (!wanted) {
    const count = Math.min(points, rows);
    const at = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
    return at.map((row) => ({ row, shownAs: (places[row] as number) + 1 }));
  }
  const rowOf = new Map([...places].map((place, row) => [place + 1, row]));
  return wanted.map((place) => {
    const row = rowOf.get(place);
    if (row !== undefined) return { row, shownAs: place };
    throw errors.evaluationRequestInvalid({
      reason: `row ${place} is not among the ${rows} of ${ofRows} rows that are looked at`,
      remedy: "Say 'rows' of at least as many as there are, or a window that holds it",
    });
  });
}

interface Background {
  readonly columns: readonly Float64Array[];
  readonly rows: number;
  readonly of: string;
}

/** The rows that the trees were grown on, where that is known; those that are looked at otherwise. */
async function readBackground(
  deps: AttributionDependencies,
  { model, columns, rows, table }: Studied,
  { workspace, signal, onStep }: Watched,
): Promise<Background> {
  const names = model.inputs.map(({ name }) => name);
  if (model.recipe === null)
    return { columns: names.map((name) => columns.get(name) as Float64Array), rows, of: table.reference };
  onStep('reading what it learned from');
  return readTrainedOn(deps, model, workspace, signal);
}

/** A sample of the rows that a model of a recipe learned from. */
export async function readTrainedOn(
  deps: AttributionDependencies,
  model: ModelVersion,
  workspace: string,
  signal?: AbortSignal,
): Promise<Background> {
  const recipe = deps.learners.parseRecipe(model.recipe, model.reference);
  const { version, table } = await deps.predictors.readTrainingSet(recipe, workspace, signal);
  const places = samplePlaces(table.target.length, mostBackground, 1);
  return {
    columns: model.inputs.map(({ name }) =>
      shared(pick(table.features.columns[table.features.names.indexOf(name)] as Float64Array, places)),
    ),
    rows: places.length,
    of: version.reference,
  };
}
