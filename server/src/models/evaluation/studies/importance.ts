/** Permutation importance of a model's inputs. */
import type { ImportanceReport } from '@tidemill/contract';
import type { Compute } from '../../../adapters/executor/executor.ts';
import { errors } from '../../../base/errors.ts';
import { importanceOf } from '../../../base/statistics/permutation-importance.ts';
import type { Predicted } from '../model-judge.ts';
import { assertMetric, defaultMetric, type OnStep, type StudyInput } from './rules.ts';
import type { Studied } from './sampling.ts';
import type { PermutedInput, Scored, scorePermuted } from './scoring.ts';

const module = new URL('./scoring.ts', import.meta.url);
const columnWork = new URL('./column-work.ts', import.meta.url);
const notable = 0.7;
const leastRounds = 200;

export async function studyImportance(
  { compute }: { readonly compute: Pick<Compute, 'compute'> },
  studied: Studied,
  request: StudyInput,
  { signal, onStep }: { signal: AbortSignal; onStep: OnStep },
): Promise<ImportanceReport> {
  const { judged, columns } = studied;
  const { repeats = 10, features, groups = [], correlated } = request.importance ?? {};
  const metric = request.metric ?? defaultMetric(judged);
  const scored = await compute.compute<Scored>({ module, name: 'scoreRows', input: judged }, { signal });
  const sign = assertMetric(metric, scored);
  const base = scored[metric] as number;
  onStep('correlating the inputs');
  const { pairs } = await compute.compute<{ pairs: ImportanceReport['correlated'] }>(
    { module: columnWork, name: 'correlatedPairs', input: { columns } },
    { signal },
  );
  const together = groupFeatures([...columns.keys()], { features, groups, correlated }, pairs);
  const seed = request.seed ?? 1;
  const found: ImportanceReport['features'] = [];
  for (const [i, group] of together.entries()) {
    const permuted: Predicted[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      onStep(`permuting ${group.join(', ')}`, (i + repeat / repeats) / together.length);
      const own = new Map(group.map((name) => [name, columns.get(name) as Float64Array]));
      const moved = await compute.compute<Map<string, Float64Array>>(
        { module: columnWork, name: 'permuted', input: { columns: own, seed: seed + i * repeats + repeat } },
        { signal },
      );
      permuted.push(await studied.ask(new Map([...columns, ...moved])));
    }
    const input: PermutedInput = {
      ...{ judged, permuted, metric, sign },
      rounds: Math.max(leastRounds, request.rounds ?? leastRounds),
      alpha: request.alpha ?? 0.05,
      seed: seed + i,
    };
    const { scores, interval } = await compute.compute<ReturnType<typeof scorePermuted>>(
      { module, name: 'scorePermuted', input },
      { signal },
    );
    const { mean, deviation } = importanceOf(base, scores, sign);
    found.push({ features: [...group], mean, deviation, interval });
  }
  found.sort((a, b) => b.mean - a.mean);
  return {
    ...{ metric, base, isHigherBetter: sign === 1, repeats, features: found },
    correlated: pairs.filter(({ correlation }) => Math.abs(correlation) >= notable),
  };
}

interface Grouping {
  readonly features?: readonly string[] | undefined;
  readonly groups: readonly (readonly string[])[];
  readonly correlated?: number | undefined;
}

/** The groups asked for, those of correlated inputs, and every other input alone. @throws evaluationRequestInvalid */
export function groupFeatures(
  known: readonly string[],
  { features, groups, correlated }: Grouping,
  pairs: ImportanceReport['correlated'],
): string[][] {
  const refuse = (reason: string) => {
    throw errors.evaluationRequestInvalid({ reason, remedy: `The model takes ${known.join(', ')}` });
  };
  for (const name of [...(features ?? []), ...groups.flat()])
    if (!known.includes(name)) refuse(`'${name}' is none of the model's inputs`);
  const named = groups.flat();
  const twice = named.find((name, i) => named.indexOf(name) !== i);
  if (twice !== undefined) refuse(`'${twice}' is in two groups`);
  const single = (features ?? known).filter((name) => !named.includes(name));
  const joined = correlated === undefined ? single.map((name) => [name]) : join(single, correlated, pairs);
  return [...groups.map((group) => [...group]), ...joined];
}

/** Whoever correlates with a member belongs to the group (single linkage). */
function join(names: readonly string[], least: number, pairs: ImportanceReport['correlated']): string[][] {
  const groupOf = new Map(names.map((name) => [name, [name]]));
  for (const { a, b, correlation } of pairs) {
    const [own, other] = [groupOf.get(a), groupOf.get(b)];
    if (!own || !other || own === other || Math.abs(correlation) < least) continue;
    own.push(...other);
    for (const name of other) groupOf.set(name, own);
  }
  return [...new Set(groupOf.values())];
}
