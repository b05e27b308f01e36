/** Why a model gave single rows what it gave: exact attributions of a tree ensemble, for whoever is asked right now. */
import type { ModelVersion } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { type AttributionDependencies, readTrainedOn } from './attribution.ts';
import type { Attributed, AttributionInput } from './attribution-work.ts';
import { shared } from './rules.ts';

const module = new URL('./attribution-work.ts', import.meta.url);
const mostBackgrounds = 8;

export interface RowsToExplain {
  readonly model: ModelVersion;
  readonly rows: number;
  /** In the order of the model's inputs. */
  readonly columns: readonly Float64Array[];
  /** What the model gave for them, an array an output. */
  readonly given: readonly Float64Array[];
  readonly workspace: string;
}

/** One row: base and contributions add up to what the model gave, in the words of `space`. */
export interface RowExplanation {
  readonly space: 'prediction' | 'log-odds' | 'margin';
  readonly outputs: readonly {
    readonly output: string;
    readonly base: number;
    readonly contributions: Record<string, number>;
  }[];
}

type Background = Awaited<ReturnType<typeof readTrainedOn>>;

export function createRowExplanations(deps: AttributionDependencies) {
  /** Of the models that were asked about last: reading what they learned from costs more than explaining a row. */
  const backgrounds = new Map<string, Promise<Background>>();

  function backgroundOf(model: ModelVersion, workspace: string): Promise<Background> {
    const key = `${workspace} ${model.digest}`;
    const found = backgrounds.get(key) ?? readTrainedOn(deps, model, workspace);
    backgrounds.delete(key);
    backgrounds.set(key, found);
    found.catch(() => backgrounds.delete(key));
    const [oldest] = backgrounds.keys();
    if (backgrounds.size > mostBackgrounds && oldest !== undefined) backgrounds.delete(oldest);
    return found;
  }

  /** @throws attributionImpossible */
  return async ({ model, rows, columns, given, workspace }: RowsToExplain): Promise<RowExplanation[]> => {
    const refuse = (reason: string) => errors.attributionImpossible({ model: model.reference, reason });
    if (!model.flavors.includes('onnx')) throw refuse('it has no ONNX flavor');
    if (model.recipe === null) throw refuse('the rows that it learned from are not known');
    const features = model.inputs.map(({ name }) => name);
    const [{ path }, background] = await Promise.all([
      deps.registry.onnxFile(model),
      backgroundOf(model, workspace),
    ]);
    const kept = Array.from({ length: rows }, (_, row) => ({ row, shownAs: row }));
    const input: AttributionInput = {
      ...{ path, features, rows, background, kept, alpha: 0.05 },
      columns: columns.map(shared),
      given: given.map(shared),
    };
    const found = await deps.compute.compute<Attributed>({ module, name: 'attribute', input });
    if ('refused' in found) throw refuse(found.refused);
    const { space, outputs } = found;
    return found.points.map((point) => ({
      space,
      outputs: point.outputs.map(({ attributions }, k) => ({
        output: outputs[k]?.output ?? String(k),
        base: outputs[k]?.base ?? 0,
        contributions: Object.fromEntries(features.map((name, f) => [name, attributions[f] ?? 0])),
      })),
    }));
  };
}
