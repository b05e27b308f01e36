import type { Row, TestCheck } from '@tidemill/contract';
import { TidemillError } from '../../base/errors.ts';

export const shownRows = 5;

export interface Finding {
  readonly outcome: TestCheck['outcome'];
  readonly message: string;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly rows?: readonly Row[];
}

/** Runs one check; what the model, the data or the case is to blame for makes it fail, not the test. */
export async function check(
  name: string,
  signal: AbortSignal,
  work: () => Promise<Finding>,
): Promise<TestCheck> {
  signal.throwIfAborted();
  const {
    numbers = {},
    rows = [],
    ...found
  } = await work().catch((error: unknown): Finding => {
    if (signal.aborted || !(error instanceof TidemillError) || error.code === 'internal') throw error;
    return failed(error.message);
  });
  return { name, ...found, numbers: finite(numbers), rows: rows.slice(0, shownRows) };
}

export const failed = (message: string, more: Omit<Finding, 'outcome' | 'message'> = {}): Finding => ({
  outcome: 'failed',
  message,
  ...more,
});
export const passed = (message: string, numbers: Finding['numbers'] = {}): Finding => ({
  outcome: 'passed',
  message,
  numbers,
});
export const skipped = (message: string): Finding => ({ outcome: 'skipped', message });

/** JSON has neither NaN nor infinity. */
const finite = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).filter(([, value]) => Number.isFinite(value)));

export const count = (rows: number, word = 'row'): string => `${rows} ${word}${rows === 1 ? '' : 's'}`;
