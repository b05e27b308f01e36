import type { SourceSchedule } from '@tidemill/contract';
import { nextCronTime } from '../../base/cron.ts';
import { errors } from '../../base/errors.ts';

/** With its time zone, UTC where none is given. @throws sourceInvalid */
export function parseSchedule({ cron, timeZone = 'UTC' }: SourceSchedule): Required<SourceSchedule> {
  const schedule = { cron: cron.trim(), timeZone };
  const field = 'schedule';
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    const reason = `'${timeZone}' is no time zone`;
    throw errors.sourceInvalid({ field, reason, remedy: 'Write an IANA name such as Europe/Berlin' }, cause);
  }
  const remedy = "Write five fields, minute hour day month weekday: '30 6 * * 1-5'";
  try {
    if (nextTime(schedule, 0) !== null) return schedule;
  } catch (cause) {
    throw errors.sourceInvalid({ field, reason: `'${cron}' is no cron pattern`, remedy }, cause);
  }
  throw errors.sourceInvalid({ field, reason: `'${cron}' never comes`, remedy });
}

/** The first time after `now`, in milliseconds; null when there is none. */
export function nextTime({ cron, timeZone }: Required<SourceSchedule>, now: number): number | null {
  return nextCronTime(cron, timeZone, now);
}
