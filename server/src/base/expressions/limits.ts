import { errors } from '../errors.ts';

const maxLength = 2000;
const maxDepth = 32;
const maxLoops = 2;

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

/**
 * Walks the syntax tree for its free names. Loops (`map`, `all` …) have no budget while they run, so their
 * nesting is limited here.
 */
export function readTree(text: string, root: object): Tree {
  const names = new Set<string>();

  function visit(node: object, own: ReadonlySet<string>, loops: number): void {
    const { exprKind } = node as Node;
    const value = exprKind?.value;
    if (exprKind?.case === 'identExpr' && value) {
      const name = String(value.name);
      if (!own.has(name) && !typeNames.has(name)) names.add(name);
      return;
    }
    if (exprKind?.case === 'comprehensionExpr' && value) {
      if (loops >= maxLoops) throw invalidExpression(text, `its loops are nested deeper than ${maxLoops}`);
      const inner = new Set([...own, String(value.iterVar), String(value.iterVar2), String(value.accuVar)]);
      for (const [part, child] of Object.entries(value))
        if (isNode(child)) visit(child, part === 'iterRange' ? own : inner, loops + 1);
      return;
    }
    for (const child of Object.values(node)) if (isNode(child)) visit(child, own, loops);
  }

  visit(root, new Set(), 0);
  return { names: [...names] };
}
