import { TidemillError } from './errors.ts';

/** What was asked for; null where it is not there, or not any more. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TidemillError && error.status === 404) return null;
    throw error;
  }
}
