import { errors } from '../../../base/errors.ts';

/** What a training set and a lookup call things themselves. */
const reserved = new Set(['event_time', 'event_timestamp']);

/** Why a column cannot be called so, or null. Names of columns are alike whatever their case, as in SQL. */
export function nameProblem(name: string): string | null {
  const lower = name.toLowerCase();
  if (reserved.has(lower))
    return "it is the time of an entity row; name it in 'eventTime' if it says when, else select it under another name";
  // Parsers of JSON refuse it, or lose it.
  if (name === '__proto__') return 'it cannot be sent as JSON';
  if (lower.startsWith('tm__')) return "names that begin with 'tm__' are Tidemill's own";
  if (lower.endsWith('__status')) return "names that end in '__status' are Tidemill's own";
  return /\p{Cc}/u.test(name) ? 'it holds a control character' : null;
}

/** @throws featureDefinitionInvalid for a name that is reserved or there twice */
export function assertFreeNames(what: string, role: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== null)
      throw errors.featureDefinitionInvalid({
        what,
        reason: `its ${role} cannot be called '${name}': ${problem}`,
      });
    if (seen.has(name.toLowerCase()))
      throw errors.featureDefinitionInvalid({ what, reason: `it names the ${role} '${name}' twice` });
    seen.add(name.toLowerCase());
  }
}
