/**
 * A small log held whole in memory, so that the questions asked after every outcome take no query. The answers are
 * those of `log-queries.ts`, which larger logs are asked through; a property test holds the two against each other.
 */
import type { PredictionRecord } from '@tidemill/contract';
import { isAnswered, type LoggedOutcome, type LoggedPrediction, type Pair, recordFrom } from './rules.ts';

/** Lines beyond which a log is forgotten here and asked through DuckDB: about 20 MB. */
export const maximumLines = 20_000;

type Known = Pick<LoggedOutcome, 'value' | 'label' | 'observedAt' | 'sequence'>;
export interface LogMemory {
  readonly predictions: readonly LoggedPrediction[];
  /** The latest outcome of each unit. */
  readonly outcomes: ReadonlyMap<string, Known>;
  /** Outcomes given by prediction id; rare, so their units are looked up when asked. */
  readonly outcomesById: readonly LoggedOutcome[];
}

export const unitOf = (item: { readonly key: string; readonly eventTime: number }): string =>
  `${item.eventTime} ${item.key}`;

export function createLogMemory() {
  const predictions: LoggedPrediction[] = [];
  const outcomes = new Map<string, Known>();
  const outcomesById: LoggedOutcome[] = [];
  const memory: LogMemory = { predictions, outcomes, outcomesById };
  let lines = 0;
  let isWhole = true;

  function forget(): void {
    isWhole = false;
    predictions.length = 0;
    outcomesById.length = 0;
    outcomes.clear();
  }

  function count(): boolean {
    lines += 1;
    if (lines > maximumLines) forget();
    return isWhole;
  }

  return {
    addPrediction(prediction: LoggedPrediction): void {
      if (count()) predictions.push(prediction);
    },
    addOutcome(outcome: LoggedOutcome): void {
      if (!count()) return;
      const { key, eventTime } = outcome;
      if (key === null || eventTime === null) outcomesById.push(outcome);
      else keepLatest(outcomes, unitOf({ key, eventTime }), outcome);
    },
    /** Predictions by id, and outcomes of them and of the keys. */
    erase(ids: ReadonlySet<string>, isErased: (key: string) => boolean): void {
      keepOnly(predictions, ({ id }) => !ids.has(id));
      keepOnly(outcomesById, ({ predictionId }) => !ids.has(predictionId ?? ''));
      for (const unit of outcomes.keys())
        if (isErased(unit.slice(unit.indexOf(' ') + 1))) outcomes.delete(unit);
    },
    /** From now on every question goes to the files. */
    forget,
    /** Null when the log is too large, or not all of it is here. */
    find: (): LogMemory | null => (isWhole ? memory : null),
  };
}

/** In place: others hold the list. */
function keepOnly<T>(items: T[], isKept: (item: T) => boolean): void {
  const kept = items.filter(isKept);
  items.length = 0;
  for (const item of kept) items.push(item);
}

function keepLatest(outcomes: Map<string, Known>, unit: string, outcome: Known): void {
  const before = outcomes.get(unit);
  if (!before || before.sequence < outcome.sequence) outcomes.set(unit, outcome);
}

/** Outcomes by unit, those given by prediction id included. */
function knownOutcomes({ predictions, outcomes, outcomesById }: LogMemory): ReadonlyMap<string, Known> {
  if (outcomesById.length === 0) return outcomes;
  const byId = new Map(predictions.map((prediction) => [prediction.id, prediction]));
  const known = new Map(outcomes);
  for (const outcome of outcomesById) {
    const prediction = byId.get(outcome.predictionId ?? '');
    if (prediction) keepLatest(known, unitOf(prediction), outcome);
  }
  return known;
}

const isEarlier = (a: LoggedPrediction, b: LoggedPrediction): boolean =>
  a.at < b.at || (a.at === b.at && a.id < b.id);

/** The first prediction of each unit among those wanted. */
function firstByUnit(
  predictions: readonly LoggedPrediction[],
  isWanted: (prediction: LoggedPrediction) => boolean,
): Map<string, LoggedPrediction> {
  const first = new Map<string, LoggedPrediction>();
  for (const prediction of predictions) {
    if (!isAnswered(prediction) || !isWanted(prediction)) continue;
    const unit = unitOf(prediction);
    const before = first.get(unit);
    if (!before || isEarlier(prediction, before)) first.set(unit, prediction);
  }
  return first;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The newest `rows` units of one role, newest first, each by its first prediction. */
export function windowOf(
  memory: LogMemory,
  request: { readonly rows: number; readonly role: 'live' | 'shadow'; readonly model: string | null },
): PredictionRecord[] {
  const known = knownOutcomes(memory);
  const { role, model, rows } = request;
  const first = firstByUnit(
    memory.predictions,
    (p) => p.role === role && (model === null || p.model === model),
  );
  return [...first]
    .sort(([, a], [, b]) => b.eventTime - a.eventTime || byText(b.key, a.key))
    .slice(0, rows)
    .map(([unit, prediction]) => recordFrom(prediction, known.get(unit)));
}

/** Of a repeated request id the latest. */
export function recordOf(memory: LogMemory, id: string): PredictionRecord | null {
  const prediction = memory.predictions.findLast((each) => each.id === id);
  if (!prediction) return null;
  return recordFrom(prediction, knownOutcomes(memory).get(unitOf(prediction)));
}

/** Units that both contestants predicted since a moment and whose outcome is known, oldest event time first. */
export function pairsOf(
  memory: LogMemory,
  request: {
    readonly candidate: string;
    readonly champion: string;
    readonly candidateVariants: readonly string[];
    readonly championVariants: readonly string[];
    readonly since: number;
  },
): Pair[] {
  const known = knownOutcomes(memory);
  const of = (model: string, variants: readonly string[]) =>
    firstByUnit(
      memory.predictions,
      (p) =>
        p.at >= request.since &&
        p.source === 'model' &&
        p.prediction !== null &&
        p.model === model &&
        variants.includes(p.variant),
    );
  const champions = of(request.champion, request.championVariants);
  return [...of(request.candidate, request.candidateVariants)]
    .flatMap(([unit, candidate]) => {
      const champion = champions.get(unit);
      const outcome = known.get(unit)?.value ?? null;
      if (!champion || outcome === null) return [];
      return [toPair(candidate, champion, outcome)];
    })
    .sort((a, b) => a.eventTime - b.eventTime || byText(a.key, b.key));
}

const toPair = (candidate: LoggedPrediction, champion: LoggedPrediction, outcome: number): Pair => ({
  key: candidate.key,
  eventTime: candidate.eventTime,
  at: Math.max(candidate.at, champion.at),
  candidateError: Math.abs((candidate.prediction ?? 0) - outcome),
  championError: Math.abs((champion.prediction ?? 0) - outcome),
  outcome,
});

/** Answers that a model failed to give, and the first reason. */
export function failuresOf(
  memory: LogMemory,
  request: { readonly variants: readonly string[]; readonly since: number },
): { count: number; reason: string | null } {
  const failed = memory.predictions.filter(
    (p) =>
      request.variants.includes(p.variant) &&
      p.at >= request.since &&
      p.status !== 'refused' &&
      ((p.prediction === null && !p.output && !p.rows) ||
        (p.source === 'fallback' && !p.fallbackReason?.startsWith('switched'))),
  );
  const first = failed.reduce<LoggedPrediction | null>((a, b) => (a && a.at <= b.at ? a : b), null);
  return { count: failed.length, reason: first?.fallbackReason ?? null };
}

/** Of each outcome: whether its unit was predicted, and what is known of it. */
export function beforeOf(
  memory: LogMemory,
  outcomes: readonly Pick<LoggedOutcome, 'predictionId' | 'key' | 'eventTime'>[],
): ({ readonly unit: string; readonly known: Known | null; readonly isMatched: boolean } | null)[] {
  const known = knownOutcomes(memory);
  const asked = new Set(outcomes.map(({ predictionId }) => predictionId));
  const byId = new Map<string, LoggedPrediction>();
  const units = new Set<string>();
  for (const prediction of memory.predictions) {
    units.add(unitOf(prediction));
    if (asked.has(prediction.id)) byId.set(prediction.id, prediction);
  }
  return outcomes.map(({ predictionId, key, eventTime }) => {
    const unit =
      predictionId === null ? { key: key ?? '', eventTime: eventTime ?? 0 } : byId.get(predictionId);
    if (!unit) return null;
    const name = unitOf(unit);
    return { unit: name, known: known.get(name) ?? null, isMatched: units.has(name) };
  });
}
