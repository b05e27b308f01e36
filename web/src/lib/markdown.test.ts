import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseInline, parseMarkdown } from './markdown.ts';

it('reads what people write in comments', () => {
  const blocks = parseMarkdown(
    '# Why\nThe feed was **late**, see `feed.py`\nand @mira.\n\n- one\n- two\n\n1. first\n> said\n```\n**raw**\n```',
  );
  expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'list', 'list', 'quote', 'code']);
  expect(blocks[1]).toMatchObject({
    lines: [
      [
        { text: 'The feed was ' },
        { kind: 'strong', text: 'late' },
        { text: ', see ' },
        { kind: 'code', text: 'feed.py' },
      ],
      [{ text: 'and ' }, { kind: 'mention', text: '@mira' }, { text: '.' }],
    ],
  });
  expect(blocks[5]).toEqual({ kind: 'code', text: '**raw**' });
});

it('links to web addresses and to nothing else', () => {
  expect(parseInline('see [it](https://a.org/b?c=1).')).toContainEqual({
    kind: 'link',
    text: 'it',
    to: 'https://a.org/b?c=1',
  });
  expect(parseInline('see https://a.org/b.')).toContainEqual({
    kind: 'link',
    text: 'https://a.org/b',
    to: 'https://a.org/b',
  });
  for (const text of [
    '[x](javascript:alert(1))',
    '[x](data:text/html,1)',
    '[x](//a.org)',
    '[x](https://a"onclick=1)',
  ])
    expect(
      parseInline(text).filter((part) => part.kind === 'link' && !/^https:\/\/a$/.test(part.to)),
    ).toEqual([]);
});

it('takes any text, and every link of it is http or https', () => {
  const pieces = fc.constantFrom(
    '*',
    '**',
    '`',
    '```',
    '\n',
    '[',
    '](',
    ')',
    'javascript:',
    'https://',
    'a',
    ' ',
    '<b>',
    '@',
    '> ',
    '- ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      const text = parts.join('');
      const seen = JSON.stringify(parseMarkdown(text));
      for (const [, to] of seen.matchAll(/"to":"([^"]*)/g)) expect(to).toMatch(/^https?:\/\//);
    }),
  );
});
