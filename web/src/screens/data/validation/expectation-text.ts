import type { Expectation } from '@tidemill/sdk';

/** A JSON list with one expectation a line, as it is edited. */
export const listText = (expectations: readonly Expectation[]): string =>
  expectations.length === 0
    ? '[\n]'
    : `[\n${expectations.map((expectation) => `  ${JSON.stringify(expectation)}`).join(',\n')}\n]`;

/** What was edited; which kinds and fields there are the server knows. @throws where it is no JSON list */
export function readList(text: string): Expectation[] {
  const found: unknown = JSON.parse(text);
  if (!Array.isArray(found)) throw new Error('It is not a list: begin with [ and end with ].');
  return found as Expectation[];
}
