import { isDiskFull } from '../../base/disk-full.ts';
import { errors, TidemillError } from '../../base/errors.ts';

/** DuckDB's failure in our words. */
function queryFailure(error: unknown): Error {
  if (error instanceof TidemillError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.replace(/\s*\n[\s\S]*$/, '').replace(/^[A-Z][A-Za-z ]*Error: /, '');
  if (isDiskFull(error)) return errors.diskFull({ reason }, error);
  if (/^Out of Memory/i.test(message)) return errors.queryTooLarge({ reason }, error);
  if (/^Permission Error/i.test(message)) return errors.queryRefused({ reason }, error);
  return errors.queryFailed({ reason }, error);
}

export async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queryFailure(error);
  }
}
