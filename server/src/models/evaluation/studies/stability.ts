/** How metric and predictions move when numbers are noisy or a feature is missing. */
import type { StabilityReport } from '@tidemill/contract';
import type { Compute } from '../../../adapters/executor/executor.ts';
import { TidemillError } from '../../../base/errors.ts';
import type { Predicted } from '../model-judge.ts';
import { assertMetric, defaultMetric, type OnStep, type StudyInput } from './rules.ts';
import type { Studied } from './sampling.ts';
import type { Moved, Scored } from './scoring.ts';

const module = new URL('./scoring.ts', import.meta.url);
const columnWork = new URL('./column-work.ts', import.meta.url);
const levels = [0.01, 0.05, 0.1, 0.2, 0.5];

interface Watched {
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

export async function studyStability(
  { compute }: { readonly compute: Pick<Compute, 'compute'> },
  studied: Studied,
  request: StudyInput,
  { signal, onStep }: Watched,
): Promise<StabilityReport> {
  const { judged, columns, texts } = studied;
  const { noise = levels, repeats = 5 } = request.stability ?? {};
  const metric = request.metric ?? defaultMetric(judged);
  const scored = await compute.compute<Scored>({ module, name: 'scoreRows', input: judged }, { signal });
  const sign = assertMetric(metric, scored);
  const base = scored[metric] as number;
  const score = (moved: readonly Predicted[]): Promise<Moved[]> =>
    compute.compute<Moved[]>({ module, name: 'scoreMoved', input: { judged, moved, metric } }, { signal });
  const parts = noise.length * repeats + columns.size;
  const work = <T>(name: string, input: object) =>
    compute.compute<T>({ module: columnWork, name, input }, { signal });
  const numbers = new Map([...columns].filter(([name]) => !texts.has(name)));
  const seed = request.seed ?? 1;

  const noisy: StabilityReport['noise'] = [];
  for (const [i, level] of [...noise].sort((a, b) => a - b).entries()) {
    const moved: Predicted[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      onStep(`noise of ${level} standard deviations`, (i * repeats + repeat) / parts);
      const input = { columns: numbers, level, seed: seed + i * repeats + repeat };
      const changed = await work<Map<string, Float64Array>>('noisy', input);
      moved.push(await studied.ask(new Map([...columns, ...changed])));
    }
    noisy.push({ level, ...summarise(await score(moved), sign) });
  }

  const typical = await work<Map<string, number>>('medians', { columns: numbers });
  const missing: StabilityReport['missing'] = [];
  for (const [i, [feature, values]] of [...columns].entries()) {
    onStep(`without ${feature}`, (noise.length * repeats + i) / parts);
    signal.throwIfAborted();
    const instead = async (value: number) => {
      const changed = new Map([...columns, [feature, new Float64Array(values.length).fill(value)]]);
      const [only] = await score([await studied.ask(changed)]);
      return only ?? { metric: null, meanChange: null, flipped: null };
    };
    missing.push({
      feature,
      ...(await attempt(() => instead(Number.NaN))),
      // Lists of texts have the most frequent one first.
      filled: await instead(typical.get(feature) ?? 0),
    });
  }
  return { metric, base, isHigherBetter: sign === 1, repeats, noise: noisy, missing };
}

/** A model may refuse what is missing, and that is what is to be known. */
async function attempt(work: () => Promise<Moved>): Promise<Moved & { fails: string | null }> {
  try {
    return { ...(await work()), fails: null };
  } catch (error) {
    if (!(error instanceof TidemillError) || error.status >= 500) throw error;
    const { rows, total } = error.details;
    const fails =
      error.code === 'evaluationPredictionInvalid'
        ? `it gives no finite number in ${rows} of ${total} rows`
        : error.message;
    return { metric: null, meanChange: null, flipped: null, fails };
  }
}

function summarise(moved: readonly Moved[], sign: 1 | -1) {
  const mean = (of: (each: Moved) => number | null): number | null => {
    const known = moved.map(of).filter((value) => value !== null);
    return known.length < moved.length ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const metrics = moved.map(({ metric }) => metric).filter((value) => value !== null);
  return {
    metric: mean(({ metric }) => metric),
    meanChange: mean(({ meanChange }) => meanChange),
    flipped: mean(({ flipped }) => flipped),
    worst: metrics.length === 0 ? null : sign === 1 ? Math.min(...metrics) : Math.max(...metrics),
  };
}
