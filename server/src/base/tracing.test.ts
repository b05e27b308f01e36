import { expect, test } from 'vitest';
import { parseTraceparent, toTraceparent } from './tracing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a traceparent is read and written', () => {
  const text = `00-${traceId}-${spanId}-01`;
  expect(parseTraceparent(text)).toEqual({ traceId, spanId, isSampled: true });
  expect(toTraceparent({ traceId, spanId, isSampled: true })).toBe(text);
  expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
  // A later version may say more.
  expect(parseTraceparent(`01-${traceId}-${spanId}-03-more`)?.isSampled).toBe(true);
});

test.each([
  undefined,
  '',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  '00-4bf92f35-00f067aa0ba902b7-01',
])('%s is none', (text) => expect(parseTraceparent(text)).toBeNull());
