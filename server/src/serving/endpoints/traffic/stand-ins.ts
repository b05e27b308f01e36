/** What answers for the records whose model could not: the steps of the endpoint's chain, one after another. */
import type { PredictionValue, Row } from '@tidemill/contract';
import { errors, TidemillError } from '../../../base/errors.ts';
import { evaluateRule, type LiveStep } from './live-endpoint.ts';
import { isAboutFeatures, type OnlineFeatures } from './online-features.ts';
import { askVariant, type Question, reasonOf, type Said, type StandIn, type StandIns } from './predict.ts';

/** A record that nobody has answered yet. */
interface Open {
  readonly index: number;
  readonly reason: string;
  readonly features: Row;
  /** What the steps before said. */
  readonly failures: string[];
}

const noStandIns: StandIns = new Map();

/**
 * Answers by position in the request; none where every model has answered.
 * @throws predictionUnavailable, featuresUnavailable when the chain ends before every record has an answer
 */
export async function findStandIns(
  online: OnlineFeatures,
  question: Question,
  said: readonly Said[],
): Promise<StandIns> {
  let open = said.flatMap(openOf);
  if (open.length === 0) return noStandIns;
  const found = new Map<number, StandIn>();
  const { chain } = question.endpoint;
  const from = question.forced === null ? 0 : question.forcedStep;
  for (const [at, step] of chain.entries()) {
    if (at < from || open.length === 0) continue;
    if (step.kind === 'model') await askModel(online, question, step, at, open, found);
    else for (const one of open) applyStep(question, step, one, found);
    open = open.filter(({ index }) => !found.has(index));
  }
  const [first] = open;
  if (first) throw unanswered(question, first);
  return found;
}

const openOf = ({ indices, values, reasons, sources }: Said): Open[] =>
  indices.flatMap((index, i) =>
    (values[i] ?? null) === null
      ? [{ index, reason: reasons[i] ?? 'no reason known', features: sources[i] as Row, failures: [] }]
      : [],
  );

async function askModel(
  online: OnlineFeatures,
  question: Question,
  { variant, isPrevious }: Extract<LiveStep, { kind: 'model' }>,
  at: number,
  open: readonly Open[],
  found: Map<number, StandIn>,
): Promise<void> {
  const { chain } = question.endpoint;
  const modelsAfter = chain.slice(at + 1).filter(({ kind }) => kind === 'model').length;
  const indices = open.map(({ index }) => index);
  const asked = { ...question, forced: null };
  // What the record lacks for this model is not the caller's mistake: the endpoint's own model may not need it.
  const answered = await askVariant(online, asked, variant, indices, modelsAfter).catch((error: unknown) => {
    if (error instanceof TidemillError && error.code === 'computeCancelled') throw error;
    return reasonOf(error);
  });
  for (const [i, one] of open.entries()) {
    const value: PredictionValue | null = typeof answered === 'string' ? null : (answered.values[i] ?? null);
    if (value === null) {
      const reason = typeof answered === 'string' ? answered : (answered.reasons[i] ?? 'no reason known');
      one.failures.push(`${variant.model} failed too: ${ending(reason)}`);
      continue;
    }
    const outputs = typeof answered === 'string' ? undefined : answered.details?.[i]?.outputs;
    const step = isPrevious ? 'previous' : 'model';
    found.set(one.index, { value, model: variant.model, step, ...(outputs && { outputs }) });
  }
}

function applyStep(
  { records }: Question,
  step: Exclude<LiveStep, { kind: 'model' }>,
  one: Open,
  found: Map<number, StandIn>,
): void {
  if (step.kind === 'value') {
    found.set(one.index, { value: step.value, model: 'fallback', step: 'value' });
    return;
  }
  try {
    const value = evaluateRule(step.rule, { record: records[one.index] ?? {}, features: one.features });
    if (Number.isFinite(value)) found.set(one.index, { value, model: 'fallback', step: 'rule' });
    else one.failures.push(`its rule failed too: it gives ${value}`);
  } catch (error) {
    one.failures.push(
      `its rule failed too: ${ending(error instanceof Error ? error.message : String(error))}`,
    );
  }
}

/** A rule's message is a sentence; here it ends one. */
const ending = (text: string): string => text.replace(/\.$/, '');

function unanswered({ endpoint }: Question, { index, reason, failures }: Open): TidemillError {
  const { name } = endpoint;
  if (failures.length > 0)
    return errors.predictionUnavailable({ endpoint: name, reason: [reason, ...failures].join('; ') });
  if (isAboutFeatures(reason)) return errors.featuresUnavailable({ endpoint: name, record: index, reason });
  return errors.predictionUnavailable({ endpoint: name, reason: `${reason}, and it has no fallback rule` });
}
