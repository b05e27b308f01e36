import { Cron } from 'croner';

/**
 * The first time after `now`, in milliseconds, of five fields: minute hour day month weekday; null when there is none.
 * @throws Error for what is no pattern
 */
export function nextCronTime(cron: string, timeZone: string, now: number): number | null {
  const pattern = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });
  return pattern.nextRun(new Date(now))?.getTime() ?? null;
}
