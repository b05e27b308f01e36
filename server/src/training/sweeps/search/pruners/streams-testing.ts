// The streams of reports of bench/training/optuna_pruners.py, held against what Optuna decided on them.
import { createPruner, type PrunerSettings } from './pruners.ts';

export const streamPruners: Readonly<Record<string, PrunerSettings>> = {
  median: { type: 'median' },
  'median late': { type: 'median', startupTrials: 2, warmupSteps: 4, intervalSteps: 3 },
  percentile: { type: 'percentile', percentile: 25 },
  asha: { type: 'asha' },
  'asha early': { type: 'asha', minimumResource: 1, reductionFactor: 3, earlyStoppingRate: 1 },
  hyperband: { type: 'hyperband' },
  'hyperband bounded': { type: 'hyperband', minimumResource: 2, maximumResource: 27, reductionFactor: 2 },
  patient: { type: 'patient', patience: 2 },
  'patient median': { type: 'patient', patience: 1, minimumDelta: 0.01, wrapped: { type: 'median' } },
  'patient asha': { type: 'patient', patience: 0, wrapped: { type: 'asha', minimumResource: 1 } },
};
const steps = 27;
const laneCount = 4;

/** Numerical Recipes' generator modulo 2^32, high bits. */
function createChance(seed: number): (n: number) => number {
  let state = (seed * 7919 + 1) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
}

/** Our decisions, where a trial ends when Optuna said so: one that differs does not change those after it. */
export function playStream(
  settings: PrunerSettings,
  stream: number,
  trials: number,
  decided: string,
): string {
  const chance = createChance(stream);
  const direction = stream % 2 === 1 ? 'maximize' : 'minimize';
  const pruner = createPruner(settings, { direction, name: `stream-${stream}` });
  const lanes: { number: number; step: number; level: number; drop: number }[] = [];
  let asked = 0;
  let decisions = '';
  while (asked < trials || lanes.length > 0) {
    for (; lanes.length < laneCount && asked < trials; asked += 1)
      lanes.push({ number: asked, step: 0, level: chance(1024) / 1024, drop: chance(2048) / 1024 });
    const lane = lanes[chance(lanes.length)];
    if (!lane) break;
    let value = lane.level + lane.drop / (1 + lane.step) + chance(256) / 2048;
    if (direction === 'maximize') value = -value;
    if (stream % 3 === 0) value = Math.trunc(value * 8) / 8;
    const kind = chance(100);
    if (kind === 0) value = Number.NaN;
    decisions += pruner.report({ number: lane.number, step: lane.step, value }) ? '1' : '0';
    lane.step += 1 + (kind < 10 ? chance(3) : 0);
    const stopped = decided[decisions.length - 1] === '1';
    const end = kind === 99 ? 'failed' : stopped ? 'pruned' : lane.step >= steps ? 'complete' : null;
    if (end === null) continue;
    pruner.end(lane.number, end);
    lanes.splice(lanes.indexOf(lane), 1);
  }
  return decisions;
}
