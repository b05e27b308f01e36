import { errors } from '../errors.ts';

const maxLength = 2000;
const maxDepth = 32;
const maxLoops = 2;
const maxTerms = 200;

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

export const invalidExpression = (expression: string, reason: string, cause?: unknown): Error =>
  errors.expressionInvalid({ expression: short(expression), reason }, cause);

export const failedExpression = (expression: string, reason: string): Error =>
  errors.expressionFailed({ expression: short(expression), reason });

/** The parser has no limits of its own and would overflow the stack on thousands of brackets. */
export function assertParsable(text: string): void {
  if (text.trim() === '') throw invalidExpression(text, 'it is empty');
  if (text.length > maxLength)
    throw invalidExpression(text, `it has ${text.length} characters, ${maxLength} are allowed`);
  let depth = 0;
  for (const character of text) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth > maxDepth) throw invalidExpression(text, `its brackets are nested deeper than ${maxDepth}`);
  }
}

export interface Tree {
  /** Variables the expression reads, in order of appearance. */
  readonly names: readonly string[];
  /** Whether it speaks of `null`, and so means to deal with what is missing. */
  readonly readsNull: boolean;
}

const typeNames = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'timestamp',
  'type',
  'uint',
]);

interface Node {
  readonly exprKind?: { readonly case?: string; readonly value?: Record<string, unknown> };
}

const isNode = (value: unknown): value is object => typeof value === 'object' && value !== null;

interface Place {
  /** Names that loops around this place bind. */
  readonly own: ReadonlySet<string>;
  readonly loops: number;
  readonly terms: number;
}

const isNull = ({ constantKind }: Record<string, unknown>): boolean =>
  (constantKind as { case?: string } | undefined)?.case === 'nullValue';

const nameOf = (value: unknown): string => String(value);

/**
 * Walks the syntax tree for its free names. Loops (`map`, `all` …) have no budget while they run, and chained
 * terms are evaluated by recursion, so the depth of both is limited here.
 */
export function readTree(text: string, root: object): Tree {
  const names = new Set<string>();
  let readsNull = false;

  function visitName(name: string, { own }: Place): void {
    if (!own.has(name) && !typeNames.has(name)) names.add(name);
  }

  function visitLoop(value: Record<string, unknown>, place: Place): void {
    if (place.loops >= maxLoops)
      throw invalidExpression(text, `its loops are nested deeper than ${maxLoops}`);
    const bound = [value.iterVar, value.iterVar2, value.accuVar].map(nameOf);
    const inner = { ...place, loops: place.loops + 1, own: new Set([...place.own, ...bound]) };
    for (const [part, child] of Object.entries(value))
      if (isNode(child)) visit(child, part === 'iterRange' ? place : inner);
  }

  function visit(node: object, outer: Place): void {
    const { exprKind } = node as Node;
    const place = exprKind ? { ...outer, terms: outer.terms + 1 } : outer;
    if (place.terms > maxTerms) throw invalidExpression(text, `it chains more than ${maxTerms} terms`);
    const value = exprKind?.value;
    if (exprKind?.case === 'comprehensionExpr' && value) visitLoop(value, place);
    else if (exprKind?.case === 'identExpr' && value) visitName(nameOf(value.name), place);
    else if (exprKind?.case === 'constExpr' && value) readsNull ||= isNull(value);
    else for (const child of Object.values(node)) if (isNode(child)) visit(child, place);
  }

  visit(root, { own: new Set(), loops: 0, terms: 0 });
  return { names: [...names], readsNull };
}
