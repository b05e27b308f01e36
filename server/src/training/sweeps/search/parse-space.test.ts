import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostParameters, parseSpace } from './parse-space.ts';
import { spaceJson } from './search-testing.ts';

const float = { type: 'float', low: 0, high: 1 };
const opt = { type: 'categorical', choices: ['sgd', 'adam'] };

describe('a space', () => {
  test('puts parents first, else goes by name, with defaults filled in', () => {
    const space = parseSpace({
      z: opt,
      a: { ...float, if: { z: 'sgd' } },
      b: { type: 'int', low: 1, high: 8 },
    });
    expect(space.parameters).toEqual([
      { name: 'z', conditions: [], type: 'categorical', choices: ['sgd', 'adam'] },
      {
        ...{ name: 'a', conditions: [{ parameter: 'z', oneOf: ['sgd'] }], type: 'float' },
        ...{ low: 0, high: 1, log: false, step: null },
      },
      { name: 'b', conditions: [], type: 'int', low: 1, high: 8, log: false, step: 1 },
    ]);
  });

  test('has one text whatever the order of its keys, and is read from it again', () => {
    fc.assert(
      fc.property(spaceJson, (json) => {
        const space = parseSpace(json);
        const reversed = Object.fromEntries(Object.entries(json).reverse());
        expect(parseSpace(reversed).text).toBe(space.text);
        expect(parseSpace(JSON.parse(space.text))).toEqual(space);
      }),
    );
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['nothing', null, /The space is not an object/],
    ['a list', [float], /The space is not an object/],
    ['no parameters', {}, /The space has no parameters/],
    [
      'too many parameters',
      Object.fromEntries(Array.from({ length: mostParameters + 1 }, (_, i) => [`x${i}`, float])),
      /has 129 parameters; the most is 128/,
    ],
    ['a name that no option can have', { '--lr': float }, /"--lr" cannot have that name/],
    ['the name of all parameters', { args: float }, /"args" cannot have that name/],
    [
      'an object that would become a prototype',
      JSON.parse('{"__proto__":{"type":"int"}}'),
      /cannot have that name/,
    ],
    ['a number for a parameter', { lr: 3 }, /"lr" is not an object with a type/],
    [
      'an unknown type',
      { lr: { type: 'double', low: 0, high: 1 } },
      /has the type "double"; use float, int or cat/,
    ],
    ['no type', { lr: { low: 0, high: 1 } }, /has the type undefined; use/],
    [
      'an unknown field',
      { lr: { ...float, hihg: 2 } },
      /has the field 'hihg', which float does not know; it knows low/,
    ],
    ['no bounds', { lr: { type: 'float' } }, /has low undefined; it must be a finite number/],
    ['a bound as text', { lr: { type: 'float', low: '0', high: 1 } }, /has low "0"; it must be/],
    [
      'an infinite bound',
      { lr: { ...float, high: Number.POSITIVE_INFINITY } },
      /has high null; it must be|finite/,
    ],
    ['low above high', { lr: { type: 'float', low: 2, high: 1 } }, /has low 2 above high 1; exchange them/],
    [
      'a range beyond numbers',
      { lr: { type: 'float', low: -1e308, high: 1e308 } },
      /wider than a number can hold/,
    ],
    [
      'a range without digits',
      { lr: { type: 'float', low: 1, high: 1 + 2 ** -52 } },
      /a range that its numbers have no digits/,
    ],
    [
      'a step without digits',
      { n: { type: 'int', low: 2 ** 52, high: 2 ** 52 + 9, step: 9 } },
      /a step that its numbers have no/,
    ],
    ['a logarithm of zero', { lr: { ...float, log: true } }, /has low 0 with log; a logarithm needs/],
    [
      'a logarithm of a negative int',
      { n: { type: 'int', low: -1, high: 4, log: true } },
      /has low -1 with log/,
    ],
    ['log that is no truth', { lr: { ...float, log: 'yes' } }, /has log "yes"; it must be true or false/],
    ['a step of zero', { lr: { ...float, step: 0 } }, /has step 0; it must be a number above 0/],
    ['a step that misses high', { lr: { ...float, step: 0.3 } }, /does not lead from 0 to 1; make high 0.9/],
    ['an int step that misses high', { n: { type: 'int', low: 1, high: 8, step: 3 } }, /make high 7/],
    ['log and step', { lr: { type: 'float', low: 1, high: 2, log: true, step: 1 } }, /has both log and step/],
    [
      'log and step of an int',
      { n: { type: 'int', low: 1, high: 9, log: true, step: 2 } },
      /both log and a step/,
    ],
    [
      'an int of halves',
      { n: { type: 'int', low: 0.5, high: 2 } },
      /has low 0.5; an int needs whole numbers/,
    ],
    ['an int beyond 2^53', { n: { type: 'int', low: 0, high: 2 ** 60 } }, /an int needs whole numbers/],
    ['no choices', { opt: { type: 'categorical', choices: [] } }, /has no choices/],
    ['choices that are none', { opt: { type: 'categorical', choices: 'sgd' } }, /has no choices/],
    ['a doubled choice', { opt: { type: 'categorical', choices: ['a', 'b', 'a'] } }, /the choice "a" twice/],
    [
      'a choice that is an object',
      { opt: { type: 'categorical', choices: [{}] } },
      /has a choice that is not/,
    ],
    ['an if on nothing', { lr: { ...float, if: {} } }, /has an if that is not an object/],
    [
      'an if on a stranger',
      { lr: { ...float, if: { opt: 'sgd' } } },
      /an if on 'opt', which the space does not have/,
    ],
    [
      'an if of a value that never is',
      { opt, lr: { ...float, if: { opt: 'sdg' } } },
      /'opt' being "sdg", which it never/,
    ],
    [
      'an if beyond the range',
      { n: { type: 'int', low: 1, high: 3 }, lr: { ...float, if: { n: 4 } } },
      /being 4/,
    ],
    [
      'an if of no values',
      { opt, lr: { ...float, if: { opt: [] } } },
      /neither a value nor a list of values/,
    ],
    [
      'an if on a float',
      { x: float, lr: { ...float, if: { x: 0.5 } } },
      /a float without a step, which no value is/,
    ],
    ['an if on itself', { n: { type: 'int', low: 1, high: 3, if: { n: 1 } } }, /depends on itself: n if n/],
    [
      'a circle',
      {
        a: { type: 'int', low: 1, high: 3, if: { b: 1 } },
        b: { type: 'int', low: 1, high: 3, if: { c: 1 } },
        c: { type: 'int', low: 1, high: 3, if: { a: 1 } },
      },
      /depends on itself: a if b if c if a/,
    ],
    [
      'conditions that never hold together',
      {
        opt,
        n: { type: 'int', low: 1, high: 3, if: { opt: 'sgd' } },
        lr: { ...float, if: { n: 1, opt: 'adam' } },
      },
      /'lr' is never there: its conditions ask of 'opt' to be two things at once/,
    ],
  ];
  test.each(wrong)('refuses %s', (_what, json, message) => {
    expect(() => parseSpace(json)).toThrow(
      expect.objectContaining({ code: 'searchSpaceInvalid', message: expect.stringMatching(message) }),
    );
  });
});
