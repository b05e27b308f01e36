import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placesAmong, spreadPlaces } from './places.ts';

it('picks one row of each stretch, the same each time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 300 }), (rows, wanted) => {
      const places = spreadPlaces(rows, wanted);
      expect(places?.length ?? null).toBe(rows <= wanted ? null : wanted);
      places?.forEach((place, k) => {
        expect(place).toBeGreaterThanOrEqual(Math.floor((k * rows) / wanted));
        expect(place).toBeLessThan(Math.floor(((k + 1) * rows) / wanted));
      });
      expect(spreadPlaces(rows, wanted)).toEqual(places);
    }),
  );
});

it('follows no rhythm of the table', () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const place of spreadPlaces(1_000_000, 100_000) ?? [])
    counts[place % 10] = (counts[place % 10] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

it('finds the rows of a sample of a sample', () => {
  const [outer, inner] = [Uint32Array.of(3, 5, 8, 9), Uint32Array.of(1, 3)];
  expect([...(placesAmong(outer, inner) ?? [])]).toEqual([5, 9]);
  expect(placesAmong(outer, null)).toBe(outer);
  expect(placesAmong(null, inner)).toBe(inner);
});
