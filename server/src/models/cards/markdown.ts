import type { Section, Table } from './sections.ts';

/** The card in GitHub's Markdown. What people wrote stays theirs; all else is text. */
export const toMarkdown = (reference: string, sections: readonly Section[]): string =>
  [`# Model card: ${plain(reference)}`, ...sections.map(sectionText)].join('\n\n').concat('\n');

const sectionText = ({ title, lines = [], written, table }: Section): string =>
  [
    `## ${plain(title)}`,
    ...lines.map(plain),
    ...(written === undefined ? [] : [written]),
    ...(table && table.rows.length > 0 ? [tableText(table)] : []),
  ].join('\n\n');

const tableText = ({ head, rows }: Table): string => {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
};

/** Nothing in it formats, links or begins HTML. */
const plain = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|~]/g, '\\$&');

const cell = (text: string): string => (text === '' ? ' ' : plain(text));
