/** The part of Markdown that comments need, as a tree: what draws it makes elements of our own, never HTML of theirs. */
export type Inline =
  | { readonly kind: 'text' | 'code' | 'strong' | 'em' | 'mention'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly to: string };

export type Block =
  | { readonly kind: 'paragraph' | 'quote' | 'heading'; readonly lines: readonly (readonly Inline[])[] }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'code'; readonly text: string };

const patterns = [
  { kind: 'code', at: /`([^`\n]+)`/y },
  { kind: 'strong', at: /\*\*([^*\n]+)\*\*/y },
  { kind: 'em', at: /\*([^*\s][^*\n]*)\*/y },
  { kind: 'link', at: /\[([^\]\n]+)\]\((https?:\/\/[^\s()<>"]+)\)/y },
  { kind: 'link', at: /(https?:\/\/[^\s()<>"]*[^\s()<>".,;:!?])/y },
  { kind: 'mention', at: /@((?:user:)?[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?)/y },
] as const;

/** An address counts only as http or https: nothing else can stand behind a link. */
export function parseInline(text: string): Inline[] {
  const found: Inline[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') found.push({ kind: 'text', text: plain });
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    const next = matchAt(text, at);
    if (!next) {
      plain += text[at];
      at += 1;
      continue;
    }
    flush();
    found.push(next.part);
    at += next.length;
  }
  flush();
  return found;
}

function matchAt(text: string, at: number): { part: Inline; length: number } | null {
  if (at > 0 && /[\w@.]/.test(text[at - 1] ?? '') && text[at] !== '*' && text[at] !== '`') return null;
  for (const { kind, at: pattern } of patterns) {
    pattern.lastIndex = at;
    const [whole, first = '', second] = pattern.exec(text) ?? [];
    if (whole === undefined) continue;
    const part: Inline =
      kind === 'link'
        ? { kind, text: first, to: second ?? first }
        : { kind, text: kind === 'mention' ? whole : first };
    return { part, length: whole.length };
  }
  return null;
}

const kinds = [
  { kind: 'quote', at: /^>\s?/ },
  { kind: 'bullets', at: /^[-*+]\s+/ },
  { kind: 'numbers', at: /^\d{1,9}[.)]\s+/ },
  { kind: 'heading', at: /^#{1,6}\s+/ },
] as const;

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    if (line.trim() === '') at += 1;
    else if (line.startsWith('```')) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith('```'));
      const until = end === -1 ? lines.length : end;
      blocks.push({ kind: 'code', text: lines.slice(at + 1, until).join('\n') });
      at = until + 1;
    } else {
      const kind = kindOf(line);
      let until = at + 1;
      while (until < lines.length && continues(lines[until] ?? '', kind)) until += 1;
      blocks.push(toBlock(kind, lines.slice(at, until)));
      at = until;
    }
  }
  return blocks;
}

type Kind = (typeof kinds)[number]['kind'] | 'paragraph';

const kindOf = (line: string): Kind => kinds.find(({ at }) => at.test(line))?.kind ?? 'paragraph';

const continues = (line: string, kind: Kind): boolean =>
  kind !== 'heading' && line.trim() !== '' && !line.startsWith('```') && kindOf(line) === kind;

function toBlock(kind: Kind, lines: readonly string[]): Block {
  const mark = kinds.find((known) => known.kind === kind)?.at;
  const inline = lines.map((line) => parseInline(mark ? line.replace(mark, '') : line));
  if (kind === 'bullets' || kind === 'numbers')
    return { kind: 'list', isOrdered: kind === 'numbers', items: inline };
  return { kind, lines: inline };
}
