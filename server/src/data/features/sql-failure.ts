import { errors, TidemillError } from '../../base/errors.ts';

/** What the engine says of a select without saying whose it was. */
const unnamed: ReadonlySet<string> = new Set(['queryFailed', 'queryRefused']);

/** @throws featureSqlInvalid naming whose SQL it was, with the engine's reason */
export async function namingSql<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TidemillError) || !unnamed.has(error.code)) throw error;
    const reason = String(error.details.reason).replace(/[.!\s]+$/, '');
    throw errors.featureSqlInvalid({ what, reason }, error);
  }
}
