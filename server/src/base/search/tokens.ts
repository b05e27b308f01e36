/** Splits a search into words, quoted texts, numbers and marks; what can be none of them is refused where it is met. */
import { errors } from '../errors.ts';

export interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'operator' | 'mark';
  /** As written. */
  readonly source: string;
  /** Without its quotes. */
  readonly text: string;
}

const shapes = {
  space: /\s+/u,
  number: /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_.])/u,
  // The key may be quoted by itself: params."x y".
  word: /[\p{L}_][\p{L}\p{N}_]*\.(?:"[^"]*"|`[^`]*`)|[\p{L}_][\p{L}\p{M}\p{N}_.\-/:]*/u,
  quoted: /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`/u,
  operator: /[!<>=]+/u,
  mark: /[(),]/u,
} as const;
const tokenPattern = new RegExp(
  Object.entries(shapes)
    .map(([kind, { source }]) => `(?<${kind}>${source})`)
    .join('|'),
  'uy',
);

export function unquote(text: string): string {
  const quote = text[0];
  if (quote === '`' && text.endsWith('`')) return text.slice(1, -1);
  const isQuoted = (quote === "'" || quote === '"') && text.length > 1 && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
}

/** Reads one token after the other. */
export class Tokens {
  readonly #source: string;
  #position = 0;
  #next: Token | undefined;
  /** What was taken last, for messages. */
  last = '';

  constructor(source: string) {
    // PostgreSQL takes no NUL in a text.
    if (source.includes('\0')) throw invalid(source.split('\0')[0] ?? '', 'a NUL character follows');
    this.#source = source;
    this.#next = this.#read();
  }

  isAtEnd(): boolean {
    return this.#next === undefined;
  }

  peek(): Token | undefined {
    return this.#next;
  }

  take(): Token | undefined {
    const token = this.#next;
    this.last = token?.source ?? 'the end';
    if (token) this.#next = this.#read();
    return token;
  }

  /** Takes the keyword, in any case, when it stands here. */
  takeWord(word: string): boolean {
    const isHere = this.#next?.kind === 'word' && this.#next.text.toUpperCase() === word;
    if (isHere) this.take();
    return isHere;
  }

  /** Takes the bracket or comma, when it stands here. */
  takeMark(mark: string): boolean {
    const isHere = this.#next?.kind === 'mark' && this.#next.text === mark;
    if (isHere) this.take();
    return isHere;
  }

  #read(): Token | undefined {
    while (this.#position < this.#source.length) {
      tokenPattern.lastIndex = this.#position;
      const groups = tokenPattern.exec(this.#source)?.groups;
      if (!groups)
        throw invalid(this.#source.slice(this.#position, this.#position + 40), 'no value or name begins so');
      this.#position = tokenPattern.lastIndex;
      const found = Object.entries(groups).find(([, text]) => text !== undefined);
      if (!found?.[1] || found[0] === 'space') continue;
      return { kind: found[0] as Token['kind'], source: found[1], text: unquote(found[1]) };
    }
    return undefined;
  }
}

export const invalid = (part: string, reason: string) =>
  errors.searchInvalid({ part: part.slice(0, 100), reason });
export const unexpectedToken = (token: Token | undefined, wanted: string) =>
  invalid(token?.source ?? 'the end', `expected ${wanted}`);
export const unexpected = (tokens: Tokens, wanted: string) => unexpectedToken(tokens.peek(), wanted);
