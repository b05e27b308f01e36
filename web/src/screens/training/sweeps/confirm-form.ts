import type { ChoiceRule, Confirmation, ConfirmationRequest } from '@tidemill/sdk';
import { formatNumber } from '../../../lib/format.ts';

/** A confirmation as it stands in a form. */
export interface ConfirmText {
  readonly top: string;
  readonly seeds: string;
  readonly windows: string;
  readonly rule: ChoiceRule['type'];
  readonly lambda: string;
  /** `depth:low, rate:high`; the first counts first. */
  readonly simplest: string;
}

export const emptyConfirm: ConfirmText = {
  ...{ top: '3', seeds: '3', windows: '', rule: 'mean-std', lambda: '1', simplest: '' },
};

/** The names of a space that are numbers, which alone can say what is simpler. */
export const numbersOf = (space: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(space).flatMap(([name, value]) =>
    (value as { type?: unknown } | null)?.type === 'categorical' ? [] : [name],
  );

/** What is asked for, or what is wrong, by field. */
export function toConfirmation(
  text: ConfirmText,
  numbers: readonly string[],
): {
  readonly request: ConfirmationRequest;
  readonly wrong: Readonly<Partial<Record<keyof ConfirmText, string>>>;
} {
  const wrong: Partial<Record<keyof ConfirmText, string>> = {};
  const count = (name: 'top' | 'seeds' | 'windows'): number | undefined => {
    const value = Number(text[name]);
    if (text[name].trim() === '' && name === 'windows') return undefined;
    if (!Number.isInteger(value) || value < 1 || value > 100) wrong[name] = 'A whole number from 1 to 100';
    return value;
  };
  const counts = { top: count('top'), seeds: count('seeds'), windows: count('windows') };
  if (!wrong.seeds && !wrong.windows && (counts.seeds ?? 3) * (counts.windows ?? 1) < 3)
    wrong.seeds = 'Seeds × windows have to be at least 3, or nothing can be said of the spread';
  const { windows, ...rest } = counts;
  const rule = toRule(text, numbers, wrong);
  return { request: { ...rest, ...(windows !== undefined && { windows }), rule }, wrong };
}

function toRule(
  { rule, lambda, simplest }: ConfirmText,
  numbers: readonly string[],
  wrong: Partial<Record<keyof ConfirmText, string>>,
): ChoiceRule {
  if (rule === 'mean-std') {
    const value = Number(lambda);
    if (lambda.trim() === '' || !(value >= 0 && value <= 1000)) wrong.lambda = 'A number from 0 to 1000';
    return { type: rule, lambda: value };
  }
  const sides: [string, 'low' | 'high'][] = [];
  for (const word of simplest.split(',').map((each) => each.trim())) {
    const [, name = '', side] = /^(.+):(low|high)$/.exec(word) ?? [];
    if (!side) wrong.simplest = 'Parameters with the side that is simpler, such as depth:low, rate:high';
    else if (!numbers.includes(name))
      wrong.simplest = `'${name}' is no number of the space (${numbers.join(', ') || 'it has none'})`;
    else sides.push([name, side === 'low' ? 'low' : 'high']);
  }
  return { type: rule, simplest: Object.fromEntries(sides) };
}

/** `mean + 1·std, the least`. */
export function ruleText({ rule }: Confirmation['definition'], direction: 'minimize' | 'maximize'): string {
  if (rule.type === 'mean-std')
    return direction === 'minimize'
      ? `the least mean + ${formatNumber(rule.lambda ?? 1)}·std`
      : `the greatest mean − ${formatNumber(rule.lambda ?? 1)}·std`;
  const sides = Object.entries(rule.simplest).map(([name, side]) => `${name} ${side}`);
  return `within one standard error of the best mean, the simplest: ${sides.join(', then ')}`;
}
