import type { MonitorResult } from '@tidemill/contract';

/** Points per monitor: a year and a half of trading days. */
const keptPoints = 400;

const severity = ({ value, threshold }: MonitorResult): number => (threshold > 0 ? value / threshold : value);

/** Of each event time the result nearest to its threshold, oldest first. */
export function worstPerTime(results: readonly MonitorResult[]): MonitorResult[] {
  const worst = new Map<number, MonitorResult>();
  for (const result of results) {
    const found = worst.get(result.eventTime);
    if (!found || severity(result) > severity(found)) worst.set(result.eventTime, result);
  }
  return [...worst.values()].sort((a, b) => a.eventTime - b.eventTime).slice(-keptPoints);
}

/** The curve of each monitor, in memory: read once, then told of every check. */
export function createHeadlines(read: (workspace: string, monitor: string) => Promise<MonitorResult[]>) {
  const curves = new Map<string, Promise<MonitorResult[]>>();
  const keyOf = (workspace: string, monitor: string): string => `${workspace}/${monitor}`;

  return {
    get(workspace: string, monitor: string): Promise<MonitorResult[]> {
      const key = keyOf(workspace, monitor);
      const found = curves.get(key) ?? read(workspace, monitor).then(worstPerTime);
      curves.set(key, found);
      found.catch(() => curves.delete(key));
      return found;
    },

    /** New results of a monitor; of times judged again they replace the old ones. */
    add(workspace: string, monitor: string, results: readonly MonitorResult[]): void {
      const key = keyOf(workspace, monitor);
      const found = curves.get(key);
      if (!found) return;
      const times = new Set(results.map((result) => result.eventTime));
      curves.set(
        key,
        found.then((curve) =>
          worstPerTime([...curve.filter(({ eventTime }) => !times.has(eventTime)), ...results]),
        ),
      );
    },

    forget: (workspace: string, monitor: string): void => void curves.delete(keyOf(workspace, monitor)),
  };
}
