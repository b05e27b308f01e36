import type { Usage } from '../../../adapters/executor/executor.ts';
import type { Clock } from '../../../base/clock.ts';

export interface UsageTotals {
  readonly peakMemoryBytes: number;
  readonly cpuSeconds: number;
}

export interface UsagePoint extends Usage {
  /** Of one core, since the point before. */
  readonly cpuPercent: number;
}

const everyMs = 10_000;
/** The first one soon: short jobs have a curve too. */
const firstMs = 1_000;

/** Thins what an executor sees several times a second to a few points a minute, none of them under a greater peak. */
export function createUsageLog(clock: Clock, note: (point: UsagePoint, totals: UsageTotals) => void) {
  let peakMemoryBytes = 0;
  let cpuSeconds = 0;
  let peak: Usage | null = null;
  let last = { at: clock.now(), cpuSeconds: 0 };
  let dueAt = last.at + firstMs;
  return {
    add(usage: Usage): void {
      const now = clock.now();
      peakMemoryBytes = Math.max(peakMemoryBytes, usage.memoryBytes);
      // A child that has ended takes its time with it.
      cpuSeconds = Math.max(cpuSeconds, usage.cpuSeconds);
      if (peak === null || usage.memoryBytes > peak.memoryBytes) peak = usage;
      if (now < dueAt) return;
      const seconds = Math.max(0.001, (now - last.at) / 1000);
      const cpuPercent = (Math.max(0, cpuSeconds - last.cpuSeconds) / seconds) * 100;
      note({ ...peak, cpuPercent }, { peakMemoryBytes, cpuSeconds });
      last = { at: now, cpuSeconds };
      dueAt = now + everyMs;
      peak = null;
    },
    totals: (): UsageTotals => ({ peakMemoryBytes, cpuSeconds }),
  };
}
