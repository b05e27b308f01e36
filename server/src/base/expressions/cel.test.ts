import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './cel.ts';

const evaluate = (text: string, variables: Record<string, unknown> = {}): unknown =>
  compileExpression(text).evaluate(variables);

describe('evaluate', () => {
  it.each<[string, unknown]>([
    ['n + 1', 3.5],
    ['1 - n', -1.5],
    ['n * 2 == 5.0', true],
    ['n / 2', 1.25],
    ['7 % n', 2],
    ['n % n', 0],
    ['n > 2 && n < 3', true],
    ['max(n, 3) + min(1, n) + abs(-n)', 6.5],
    ['round(sqrt(pow(n, 2)))', 3],
    ['5 / 2', 2],
    ['has(m.x) && !has(m.y)', true],
    ['m["x"]', 2],
    ['l.exists(x, x > n)', true],
    ['l.map(x, x * 2)', [2, 4, 6]],
    ['{"a": [n, 1]}', { a: [2.5, 1] }],
    ['size(l)', 3],
    ['at > timestamp("2024-01-01T00:00:00Z")', true],
    ['at', '2024-06-01T00:00:00.000Z'],
    ['duration("90s")', 90],
    ['s.matches("^a.c$") ? "yes" : "no"', 'yes'],
    ['nothing == null', true],
    ['5u + n', 7.5],
  ])('%s', (text, value) => {
    const variables = {
      n: 2.5,
      m: { x: 2, y: undefined },
      l: [1, 2, 3],
      at: new Date('2024-06-01'),
      s: 'abc',
      nothing: null,
    };
    expect(evaluate(text, variables)).toEqual(value);
  });

  it('computes with doubles as JavaScript does', () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(numbers, fc.integer(), (a, b) => {
        expect(evaluate(`a + ${b < 0 ? `(${b})` : b}`, { a })).toBe(a + b);
        expect(evaluate('a * b', { a, b })).toBe(a * b);
        expect(evaluate('a < b', { a, b })).toBe(a < b);
      }),
    );
  });

  it('says what failed', () => {
    expect(() => evaluate('metrics.mae < 2', { metrics: {} })).toThrow(
      "'metrics.mae < 2' could not be evaluated",
    );
    expect(() => evaluate('nope > 1')).toThrow("there is no 'nope'");
    expect(() => evaluate('s > 1', { s: null })).toThrow("'>' applied");
    expect(() => compileExpression('n').evaluateBoolean({ n: 1 })).toThrow(
      'gives 1 where true or false is needed',
    );
    expect(() => compileExpression('s').evaluateNumber({ s: 'x' })).toThrow(
      'gives "x" where a number is needed',
    );
    expect(() => compileExpression('n').evaluateNumber({ n: Number.NaN })).toThrow('number is needed');
    expect(compileExpression('n > 0').evaluateBoolean({ n: 1 })).toBe(true);
    expect(compileExpression('n + 1').evaluateNumber({ n: 1 })).toBe(2);
  });
});

describe('compileExpression', () => {
  it.each([
    ['1 +', 'is not valid: at 1:'],
    ['', 'it is empty'],
    ['n'.repeat(2001), '2001 characters'],
    [`${'('.repeat(33)}1${')'.repeat(33)}`, 'deeper than 32'],
    [`1${'+1'.repeat(999)}`, 'chains more than 200 terms'],
    ['l.map(a, l.map(b, l.map(c, 1)))', 'loops are nested deeper than 2'],
  ])('refuses %.30s', (text, message) => {
    expect(() => compileExpression(text)).toThrow(message);
  });

  it('finds unknown names with an example, even where evaluation would not reach them', () => {
    const example = { n: 1, m: { x: 1 }, l: [1] };
    for (const text of ['true || nope', 'n > nope', 'l.all(x, x > nope)', 'nope.x'])
      expect(() => compileExpression(text, { example })).toThrow("there is no 'nope'; known are n, m, l");
    for (const text of ['m.nope > 1', 'n > "x"', 'nope(1)'])
      expect(() => compileExpression(text, { example })).toThrow('is not valid');
    for (const text of ['l.all(x, x > n)', '1 / (size(l) - 1) > 0', 'has(m.nope)', 'type(n) == double'])
      expect(compileExpression(text, { example }).text).toBe(text);
  });

  it('lists the names it reads', () => {
    expect(compileExpression('a.b + c[d] > 1 && l.all(x, x > e)').names).toEqual(['a', 'c', 'd', 'l', 'e']);
  });

  it('keeps compiled expressions, and only so many', () => {
    const first = compileExpression('kept + 1');
    expect(compileExpression('kept + 1')).toBe(first);
    for (let i = 0; i < 1000; i += 1) compileExpression(`kept + ${i}.5`);
    expect(compileExpression('kept + 1')).not.toBe(first);
  });

  it('either compiles or refuses any text, and never breaks', () => {
    const pieces = fc.constantFrom(
      'a',
      '1',
      '+',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '.',
      '?',
      ':',
      '"',
      '&&',
      ' ',
      'x.map(',
      ',',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        try {
          compileExpression(parts.join(''));
        } catch (error) {
          expect(error).toMatchObject({ code: 'expressionInvalid' });
        }
      }),
    );
  });
});
