/**
 * MLflow's search language: comparisons joined by AND, `entity.key operator value`.
 * No OR, no brackets, no NOT before a comparison. Keys with special characters stand in backticks or double quotes.
 */
import { errors } from '../errors.ts';

export type Entity = 'attribute' | 'metric' | 'parameter' | 'tag' | 'dataset';
export type NumberOperator = '=' | '!=' | '>' | '>=' | '<' | '<=';
export type TextOperator = '=' | '!=' | 'LIKE' | 'ILIKE';

export type Comparison = { readonly entity: Entity; readonly key: string } & (
  | { readonly operator: NumberOperator; readonly number: number }
  | { readonly operator: TextOperator; readonly text: string }
  | { readonly operator: 'IN' | 'NOT IN'; readonly texts: readonly string[] }
  | { readonly operator: 'IS NULL' | 'IS NOT NULL' }
);

export interface Ordering {
  readonly entity: Entity;
  readonly key: string;
  readonly descending: boolean;
}

/** What can be searched in one kind of object. */
export interface Searchable {
  readonly entities: Readonly<Record<string, Entity>>;
  /** Attributes by every name they go by. */
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  /** Attributes that order but do not filter. */
  readonly orderOnly?: Readonly<Record<string, string>>;
}

const datasetFields = ['name', 'digest', 'context'];
const mostComparisons = 100;

interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'operator' | 'mark';
  /** As written. */
  readonly source: string;
  /** Without its quotes. */
  readonly text: string;
}

/** @throws searchInvalid naming the place and what would be right. */
export function parseFilter(filter: string, searchable: Searchable): Comparison[] {
  const tokens = new Tokens(filter);
  const comparisons: Comparison[] = [];
  while (!tokens.isAtEnd()) {
    comparisons.push(parseComparison(tokens, searchable));
    if (comparisons.length > mostComparisons)
      throw invalid(filter.slice(0, 40), `there are more than ${mostComparisons} comparisons`);
    if (tokens.isAtEnd()) break;
    if (!tokens.takeWord('AND')) throw unexpected(tokens, 'AND or the end; only AND joins comparisons');
  }
  return comparisons;
}

/** Reads `metrics.loss DESC`. @throws searchInvalid */
export function parseOrderings(list: readonly string[], searchable: Searchable): Ordering[] {
  const seen = new Set<string>();
  return list.map((text) => {
    const tokens = new Tokens(text);
    const { entity, key } = parseIdentifier(tokens, searchable, true);
    const descending = tokens.takeWord('DESC');
    if (!descending) tokens.takeWord('ASC');
    if (!tokens.isAtEnd()) throw unexpected(tokens, 'ASC, DESC or the end');
    if (entity === 'dataset') throw invalid(text, 'runs cannot be ordered by a dataset');
    const identity = `${entity}.${key}`;
    if (seen.has(identity)) throw invalid(text, 'it orders by the same thing twice');
    seen.add(identity);
    return { entity, key, descending };
  });
}

function parseComparison(tokens: Tokens, searchable: Searchable): Comparison {
  const { entity, key, isNumber } = parseIdentifier(tokens, searchable, false);
  if (isNumber) return { entity, key, operator: parseNumberOperator(tokens), number: parseNumber(tokens) };
  const operator = parseTextOperator(tokens);
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') {
    if (entity === 'tag' || entity === 'parameter') return { entity, key, operator };
    throw invalid(tokens.last, 'only tags and parameters can be asked for IS NULL');
  }
  if (operator === 'IN' || operator === 'NOT IN') {
    const isListable = entity === 'dataset' || (entity === 'attribute' && key === 'id');
    if (isListable) return { entity, key, operator, texts: parseTexts(tokens) };
    throw invalid(tokens.last, 'IN is for run_id and for datasets');
  }
  return { entity, key, operator, text: parseText(tokens) };
}

function parseIdentifier(tokens: Tokens, searchable: Searchable, isOrdering: boolean) {
  const token = tokens.take();
  if (token?.kind !== 'word' && token?.kind !== 'quoted')
    throw unexpectedToken(token, 'a name such as metrics.loss');
  if (token.source.startsWith("'")) throw unexpectedToken(token, 'a name such as metrics.loss');
  const dot = token.kind === 'word' ? token.source.indexOf('.') : -1;
  if (dot === -1) return parseAttribute(token.text, searchable, isOrdering);
  const entity = ownEntry(searchable.entities, token.source.slice(0, dot));
  const key = unquote(token.source.slice(dot + 1));
  if (!entity || key === '')
    throw invalid(
      token.source,
      `write one of ${Object.keys(searchable.entities).join(', ')}, a dot and a key`,
    );
  if (entity === 'attribute') return parseAttribute(key, searchable, isOrdering);
  if (entity === 'dataset' && !datasetFields.includes(key))
    throw invalid(token.source, `a dataset has ${datasetFields.join(', ')}`);
  return { entity, key, isNumber: entity === 'metric' };
}

function parseAttribute(name: string, searchable: Searchable, isOrdering: boolean) {
  const text = ownEntry(searchable.texts, name);
  if (text !== undefined) return { entity: 'attribute', key: text, isNumber: false } as const;
  const numbers = isOrdering ? { ...searchable.numbers, ...searchable.orderOnly } : searchable.numbers;
  const number = ownEntry(numbers, name);
  if (number !== undefined) return { entity: 'attribute', key: number, isNumber: true } as const;
  const known = [...Object.keys(searchable.texts), ...Object.keys(searchable.numbers)];
  throw invalid(name, `there is no such attribute; there are ${known.join(', ')}`);
}

/** Names come from requests; `constructor` is in every object. */
const ownEntry = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const numberOperators: readonly string[] = ['=', '!=', '>', '>=', '<', '<='];

function parseNumberOperator(tokens: Tokens): NumberOperator {
  const token = tokens.take();
  if (token?.kind === 'operator' && numberOperators.includes(token.text)) return token.text as NumberOperator;
  throw unexpectedToken(token, `one of ${numberOperators.join(' ')}`);
}

function parseTextOperator(tokens: Tokens): TextOperator | 'IN' | 'NOT IN' | 'IS NULL' | 'IS NOT NULL' {
  if (tokens.takeWord('LIKE')) return 'LIKE';
  if (tokens.takeWord('ILIKE')) return 'ILIKE';
  if (tokens.takeWord('IN')) return 'IN';
  if (tokens.takeWord('NOT') && tokens.takeWord('IN')) return 'NOT IN';
  if (tokens.takeWord('IS')) {
    const isNegated = tokens.takeWord('NOT');
    if (tokens.takeWord('NULL')) return isNegated ? 'IS NOT NULL' : 'IS NULL';
  }
  const token = tokens.take();
  if (token?.kind === 'operator' && (token.text === '=' || token.text === '!=')) return token.text;
  throw unexpectedToken(token, '=, !=, LIKE or ILIKE');
}

function parseNumber(tokens: Tokens): number {
  const token = tokens.take();
  if (token?.kind !== 'number') throw unexpectedToken(token, 'a number without quotes');
  return Number(token.text);
}

function parseText(tokens: Tokens): string {
  const token = tokens.take();
  if (token?.kind !== 'quoted' || token.source.startsWith('`'))
    throw unexpectedToken(token, "a quoted string value, as in 'abc'");
  return token.text;
}

function parseTexts(tokens: Tokens): string[] {
  if (tokens.take()?.text !== '(')
    throw invalid(tokens.last, "a list in brackets is expected, as in ('a', 'b')");
  const texts = [parseText(tokens)];
  for (let token = tokens.take(); token?.text !== ')'; token = tokens.take()) {
    if (token?.text !== ',') throw unexpectedToken(token, 'a comma or a closing bracket');
    texts.push(parseText(tokens));
  }
  return texts;
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

function unquote(text: string): string {
  const quote = text[0];
  if (quote === '`' && text.endsWith('`')) return text.slice(1, -1);
  const isQuoted = (quote === "'" || quote === '"') && text.length > 1 && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1).replaceAll(quote + quote, quote) : text;
}

/** Reads one token after the other; what cannot be one is refused where it is met. */
class Tokens {
  readonly #source: string;
  #position = 0;
  #next: Token | undefined;
  /** What was taken last, for messages. */
  last = '';

  constructor(source: string) {
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

const invalid = (part: string, reason: string) => errors.searchInvalid({ part: part.slice(0, 100), reason });
const unexpectedToken = (token: Token | undefined, wanted: string) =>
  invalid(token?.source ?? 'the end', `expected ${wanted}`);
const unexpected = (tokens: Tokens, wanted: string) => unexpectedToken(tokens.peek(), wanted);
