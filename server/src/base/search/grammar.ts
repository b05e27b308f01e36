/**
 * MLflow's search language, `entity.key operator value` joined by AND, and beyond it OR, brackets and IN for everything.
 * AND binds tighter than OR. Keys with special characters stand in backticks or double quotes.
 */
import { invalid, type Token, Tokens, unexpected, unexpectedToken, unquote } from './tokens.ts';

export type Entity = 'attribute' | 'metric' | 'parameter' | 'tag' | 'dataset';
export type NumberOperator = '=' | '!=' | '>' | '>=' | '<' | '<=';
export type TextOperator = '=' | '!=' | 'LIKE' | 'ILIKE';
type ListOperator = 'IN' | 'NOT IN';
type NullOperator = 'IS NULL' | 'IS NOT NULL';

/** What a row of an order, a comparison or a column speaks of. */
export interface Subject {
  readonly entity: Entity;
  readonly key: string;
  /** Of all values of a metric; the latest one when nothing is said. */
  readonly extreme?: 'minimum' | 'maximum' | undefined;
}

export type Comparison = Subject &
  (
    | { readonly operator: NumberOperator; readonly number: number }
    | { readonly operator: ListOperator; readonly numbers: readonly number[] }
    | { readonly operator: TextOperator; readonly text: string }
    | { readonly operator: ListOperator; readonly texts: readonly string[] }
    | { readonly operator: NullOperator }
  );

/** What a search asks for. `{ all: [] }` asks for nothing, so everything fits. */
export type Filter = Comparison | { readonly all: readonly Filter[] } | { readonly any: readonly Filter[] };

export interface Ordering extends Subject {
  readonly descending: boolean;
  /** Of a metric's values, only the one on this data. The language has no word for it; MLflow's logged models do. */
  readonly dataset?: { readonly name: string; readonly digest: string | null } | undefined;
}

/** What can be searched in one kind of object. */
export interface Searchable {
  /** The words before the dot. What is missing here cannot be asked for: leave `metric` out, and there are no metrics. */
  readonly entities: Readonly<Record<string, Entity>>;
  /** Attributes by every name they go by, and the key their store knows them by. */
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  /** Attributes that order but do not filter. */
  readonly orderOnly?: Readonly<Record<string, string>>;
  /** Whether `min(metrics.loss)` and `max(metrics.loss)` may be asked for. */
  readonly hasExtremes?: boolean;
}

const datasetFields = ['name', 'digest', 'context'];
const most = { comparisons: 100, values: 10_000, depth: 20 } as const;

/** @throws searchInvalid naming the place and what would be right. */
export function parseFilter(filter: string, searchable: Searchable): Filter {
  const tokens = new Tokens(filter);
  if (tokens.isAtEnd()) return { all: [] };
  const found = parseAny({ tokens, searchable, left: { ...most } });
  if (!tokens.isAtEnd()) throw unexpected(tokens, 'AND, OR or the end');
  return found;
}

/** Every comparison of the tree, from left to right. */
export function listComparisons(filter: Filter): Comparison[] {
  if ('all' in filter) return filter.all.flatMap(listComparisons);
  if ('any' in filter) return filter.any.flatMap(listComparisons);
  return [filter];
}

/** Reads `metrics.loss DESC`. @throws searchInvalid */
export function parseOrderings(list: readonly string[], searchable: Searchable): Ordering[] {
  const seen = new Set<string>();
  return list.map((text) => {
    const tokens = new Tokens(text);
    const { subject } = parseSubject(tokens, searchable, true);
    const descending = tokens.takeWord('DESC');
    if (!descending) tokens.takeWord('ASC');
    if (!tokens.isAtEnd()) throw unexpected(tokens, 'ASC, DESC or the end');
    if (subject.entity === 'dataset') throw invalid(text, 'runs cannot be ordered by a dataset');
    const identity = JSON.stringify(subject);
    if (seen.has(identity)) throw invalid(text, 'it orders by the same thing twice');
    seen.add(identity);
    return { ...subject, descending };
  });
}

/** Reads `metrics.loss`, `min(metrics.loss)`, `params.lr`. @throws searchInvalid */
export function parseColumns(list: readonly string[], searchable: Searchable): Subject[] {
  return list.map((text) => {
    const tokens = new Tokens(text);
    const { subject } = parseSubject(tokens, searchable, true);
    if (!tokens.isAtEnd()) throw unexpected(tokens, 'the end');
    if (subject.entity !== 'attribute' && subject.entity !== 'dataset') return subject;
    throw invalid(text, 'columns are of metrics, parameters and tags; attributes come always');
  });
}

/** One parse, and what it may still use: a search is a stranger's text. */
interface Parse {
  readonly tokens: Tokens;
  readonly searchable: Searchable;
  readonly left: { comparisons: number; values: number; depth: number };
}

function parseAny(parse: Parse): Filter {
  const any = [parseAll(parse)];
  while (parse.tokens.takeWord('OR')) any.push(parseAll(parse));
  return any.length === 1 && any[0] ? any[0] : { any };
}

function parseAll(parse: Parse): Filter {
  const all = [parseOne(parse)];
  while (parse.tokens.takeWord('AND')) {
    // MLflow's own clients send an AND with nothing after it.
    if (parse.tokens.isAtEnd() && parse.left.depth === most.depth) break;
    all.push(parseOne(parse));
  }
  return all.length === 1 && all[0] ? all[0] : { all };
}

function parseOne(parse: Parse): Filter {
  const { tokens, left } = parse;
  if (tokens.takeWord('NOT')) throw invalid('NOT', 'NOT stands only in NOT IN and IS NOT NULL');
  if (!tokens.takeMark('(')) return parseComparison(parse);
  if (left.depth-- === 0) throw invalid('(', `brackets are nested more than ${most.depth} deep`);
  const inner = parseAny(parse);
  if (!tokens.takeMark(')')) throw unexpected(tokens, 'AND, OR or a closing bracket');
  left.depth++;
  return inner;
}

function parseComparison(parse: Parse): Comparison {
  const { tokens, searchable, left } = parse;
  if (left.comparisons-- === 0)
    throw invalid(tokens.peek()?.source ?? '', `there are more than ${most.comparisons} comparisons`);
  const { subject, isNumber } = parseSubject(tokens, searchable, false);
  const word = parseWordOperator(tokens);
  if (word === 'IS NULL' || word === 'IS NOT NULL') return { ...subject, operator: word };
  if (isNumber) {
    if (word === 'IN' || word === 'NOT IN')
      return { ...subject, operator: word, numbers: parseList(parse, parseNumber) };
    if (word !== undefined) throw invalid(tokens.last, `expected one of ${numberOperators.join(' ')}`);
    return { ...subject, operator: parseNumberOperator(tokens), number: parseNumber(tokens) };
  }
  if (word === 'IN' || word === 'NOT IN')
    return { ...subject, operator: word, texts: parseList(parse, parseText) };
  return { ...subject, operator: word ?? parseTextOperator(tokens), text: parseText(tokens) };
}

interface Parsed {
  readonly subject: Subject;
  readonly isNumber: boolean;
}

const extremes: Readonly<Record<string, Subject['extreme']>> = {
  min: 'minimum',
  max: 'maximum',
  last: undefined,
};

function parseSubject(tokens: Tokens, searchable: Searchable, isOrdering: boolean): Parsed {
  const token = tokens.take();
  const name = token?.kind === 'word' ? token.text.toLowerCase() : '';
  if (!searchable.hasExtremes || !Object.hasOwn(extremes, name) || !tokens.takeMark('('))
    return parseIdentifier(token, searchable, isOrdering);
  const { subject, isNumber } = parseIdentifier(tokens.take(), searchable, isOrdering);
  if (subject.entity !== 'metric')
    throw invalid(`${name}(`, `${name} is of metrics, as in ${name}(metrics.loss)`);
  if (!tokens.takeMark(')')) throw unexpected(tokens, 'a closing bracket');
  const extreme = ownEntry(extremes, name);
  return { subject: extreme ? { ...subject, extreme } : subject, isNumber };
}

function parseIdentifier(token: Token | undefined, searchable: Searchable, isOrdering: boolean): Parsed {
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
  return { subject: { entity, key }, isNumber: entity === 'metric' };
}

function parseAttribute(name: string, searchable: Searchable, isOrdering: boolean): Parsed {
  const text = ownEntry(searchable.texts, name);
  if (text !== undefined) return { subject: { entity: 'attribute', key: text }, isNumber: false };
  const numbers = isOrdering ? { ...searchable.numbers, ...searchable.orderOnly } : searchable.numbers;
  const number = ownEntry(numbers, name);
  if (number !== undefined) return { subject: { entity: 'attribute', key: number }, isNumber: true };
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

function parseTextOperator(tokens: Tokens): '=' | '!=' {
  const token = tokens.take();
  if (token?.kind === 'operator' && (token.text === '=' || token.text === '!=')) return token.text;
  throw unexpectedToken(token, '=, !=, LIKE, ILIKE or IN');
}

/** The operators that are words, when one stands here. */
function parseWordOperator(tokens: Tokens): 'LIKE' | 'ILIKE' | ListOperator | NullOperator | undefined {
  if (tokens.takeWord('LIKE')) return 'LIKE';
  if (tokens.takeWord('ILIKE')) return 'ILIKE';
  if (tokens.takeWord('IN')) return 'IN';
  if (tokens.takeWord('NOT')) {
    if (tokens.takeWord('IN')) return 'NOT IN';
    throw unexpected(tokens, 'IN after NOT');
  }
  if (!tokens.takeWord('IS')) return undefined;
  const isNegated = tokens.takeWord('NOT');
  if (tokens.takeWord('NULL')) return isNegated ? 'IS NOT NULL' : 'IS NULL';
  throw unexpected(tokens, isNegated ? 'NULL' : 'NULL or NOT NULL');
}

function parseNumber(tokens: Tokens): number {
  const token: Token | undefined = tokens.take();
  if (token?.kind !== 'number') throw unexpectedToken(token, 'a number without quotes');
  return Number(token.text);
}

function parseText(tokens: Tokens): string {
  const token = tokens.take();
  if (token?.kind !== 'quoted' || token.source.startsWith('`'))
    throw unexpectedToken(token, "a quoted string value, as in 'abc'");
  return token.text;
}

function parseList<T>({ tokens, left }: Parse, parseValue: (tokens: Tokens) => T): T[] {
  if (!tokens.takeMark('(')) throw unexpected(tokens, "a list in brackets, as in ('a', 'b') or (1, 2)");
  const values: T[] = [];
  do {
    values.push(parseValue(tokens));
    if (left.values-- === 0) throw invalid(tokens.last, `lists have more than ${most.values} values`);
  } while (tokens.takeMark(','));
  if (!tokens.takeMark(')')) throw unexpected(tokens, 'a comma or a closing bracket');
  return values;
}
