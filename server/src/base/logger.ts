import { type Logger, pino } from 'pino';

export type { Logger };

/** One JSON line per event on standard error: standard output belongs to what the user asked for. */
export const createLogger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: false }));
