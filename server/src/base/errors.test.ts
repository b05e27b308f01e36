import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, errors, TidemillError } from './errors.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const documented = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map((match) => ({
  code: match[1],
  status: Number(match[2]),
}));
const entries = Object.entries(catalogue).map(([code, { status }]) => ({ code, status }));

describe('the error catalogue', () => {
  it('is documented, every code with its status, and nothing else is', () => {
    const sorted = (list: typeof documented) =>
      list.toSorted((a, b) => String(a.code).localeCompare(String(b.code)));
    expect(sorted(documented)).toEqual(sorted(entries));
  });

  it.each(Object.keys(catalogue))(
    '%s makes an error with its code, status and a message that ends as a sentence',
    (code) => {
      // Any detail may be asked for; a proxy gives each its own name.
      const details = new Proxy({}, { get: (_target, name) => `<${String(name)}>` });
      const error = (errors as unknown as Record<string, (details: object) => TidemillError>)[code]?.(
        details,
      );
      expect(error).toBeInstanceOf(TidemillError);
      expect(error?.code).toBe(code);
      expect(error?.status).toBeGreaterThanOrEqual(400);
      expect(error?.message).toMatch(/[.>)]$/);
      expect(error?.message).not.toMatch(/undefined|\[object/);
    },
  );

  it('keeps the cause', () => {
    const cause = new Error('why');
    expect(errors.internal({ requestId: 'r' }, cause).cause).toBe(cause);
  });
});
