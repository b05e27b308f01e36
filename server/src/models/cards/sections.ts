import type { ModelCard } from '@tidemill/contract';
import { figure, moment, bytes as sizeOf } from '../../base/markup.ts';
import { cardFields, fieldTitles } from './rules.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A part of the card, before it is known how it will be written. */
export interface Section {
  readonly title: string;
  /** Sentences of ours: plain text. */
  readonly lines?: readonly string[];
  /** What a person wrote, as it was written. */
  readonly written?: string;
  readonly table?: Table;
}

/** The card in the order in which people ask. */
export function sectionsOf(card: ModelCard): Section[] {
  return [
    { title: 'At a glance', table: glanceOf(card) },
    ...cardFields.map((field) => writtenOf(card, field)),
    dataOf(card),
    ...(card.run ? [runSection(card.run)] : []),
    inputsOf(card),
    ...card.evaluations.map(evaluationOf),
    ...(card.evaluations.length === 0
      ? [{ title: 'Evaluations', lines: ['Nobody has evaluated this version.'] }]
      : []),
    gateOf(card),
    scoreOf(card),
    decisionsOf(card),
    lineageOf(card),
  ];
}

const when = (at: number): string => `${moment(at)} UTC`;

const pairs = (rows: readonly (readonly [string, string | null])[]): Table => ({
  head: ['what', 'is'],
  rows: rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== ''),
});

function glanceOf({ version, bytes, users }: ModelCard): Table {
  const { approval, stage, aliases, flavors, digest, description, createdAt, createdBy } = version;
  return pairs([
    ['description', description],
    ['approval', approval],
    ['stage', stage],
    ['aliases', aliases.join(', ')],
    ['used by', users.join(', ') || 'nothing now'],
    ['flavors', flavors.join(', ')],
    ['size', `${sizeOf(bytes)} in ${version.files.length} files`],
    ['digest', digest ?? 'its files are elsewhere'],
    ['registered', `${when(createdAt)} by ${createdBy}`],
  ]);
}

const writtenOf = ({ text }: ModelCard, field: keyof typeof fieldTitles): Section => {
  const written = text[field].trim();
  const title = fieldTitles[field];
  return written === '' ? { title, lines: ['Not written yet.'] } : { title, written };
};

function dataOf({ trainingSet }: ModelCard): Section {
  const title = 'Training data';
  if (!trainingSet) return { title, lines: ['What it learned from is not known.'] };
  const { reference, rows, columns, kind, inputs, digest, createdAt } = trainingSet;
  return {
    title,
    table: pairs([
      ['dataset version', reference],
      ['rows', String(rows)],
      ['columns', columns.join(', ')],
      ['made by', kind],
      ['made from', inputs.join(', ')],
      ['digest', digest],
      ['committed', when(createdAt)],
    ]),
  };
}

function runSection({
  id,
  name,
  user,
  startedAt,
  endedAt,
  commit,
  parameters,
}: NonNullable<ModelCard['run']>): Section {
  return {
    title: 'How it was made',
    table: pairs([
      ['run', `${id} (${name})`],
      ['by', user],
      ['started', when(startedAt)],
      ['ended', endedAt === null ? null : when(endedAt)],
      ['code', commit],
      ...Object.entries(parameters).map(([key, value]) => [`parameter ${key}`, value] as const),
    ]),
  };
}

function inputsOf({ version }: ModelCard): Section {
  const title = 'Inputs';
  if (version.inputs.length === 0) return { title, lines: ['It has no signature.'] };
  const rows = version.inputs.map(({ name, type }) => {
    const range = version.trainingRange[name];
    return [name, type, range ? figure(range.minimum) : '', range ? figure(range.maximum) : ''];
  });
  return { title, table: { head: ['input', 'type', 'learned from', 'learned to'], rows } };
}

type Judgement = ModelCard['evaluations'][number];

const rangeText = (range: Judgement['intervals'][string] | undefined): string =>
  range ? `${figure(range.low)} to ${figure(range.high)}` : '';

function evaluationOf(evaluation: Judgement): Section {
  const { dataset, target, window, metrics, intervals, baseline, champion, notes, refitted } = evaluation;
  const others = [baseline, champion].filter((other) => other !== null);
  const rows = Object.entries(metrics).map(([name, value]) => [
    name,
    figure(value),
    rangeText(intervals[name]),
    ...others.map((other) => (other.metrics[name] === undefined ? '' : figure(other.metrics[name]))),
  ]);
  const against = [
    ['the naive rule', evaluation.againstBaseline] as const,
    ['the champion', evaluation.againstChampion] as const,
  ].flatMap(([name, found]) =>
    found
      ? [
          `Against ${name}: ${found.verdict}, difference ${figure(found.meanDifference)} (${found.interval.map(figure).join(' to ')}), p ${figure(found.pValue)}, ${found.pairs} pairs.`,
        ]
      : [],
  );
  return {
    title: `Evaluation on ${dataset}`,
    lines: [
      `${window.rows} rows${window.from ? ` from ${window.from} to ${window.to}` : ''}, target ${target}; ${when(evaluation.createdAt)} by ${evaluation.createdBy} (${evaluation.id}).`,
      ...(refitted
        ? ['Its recipe was fitted again on the rows before the window, and that was judged.']
        : []),
      ...against,
      ...notes,
    ],
    table: { head: ['metric', 'this version', '95 % interval', ...others.map(({ name }) => name)], rows },
  };
}

function gateOf({ gate, checks }: ModelCard): Section {
  const title = 'Gate';
  if (!gate) return { title, lines: ['This model has no gate.'] };
  const [check] = checks;
  if (!check) return { title, lines: ['No evaluation of this version was held against the gate.'] };
  const rows = check.results.map(({ rule, expression, passed, severity, message }) => [
    passed ? 'holds' : severity === 'warn' ? 'warns' : 'refuses',
    rule,
    expression,
    message,
  ]);
  return {
    title,
    lines: [
      `${check.verdict}: check ${check.id} of ${check.evaluation}, ${when(check.createdAt)} by ${check.createdBy}.`,
    ],
    table: { head: ['result', 'rule', 'must hold', 'says'], rows },
  };
}

function scoreOf({ score: { score, reading, sections, tests } }: ModelCard): Section {
  const counted = tests.filter(({ points }) => points > 0);
  return {
    title: 'ML Test Score',
    lines: [
      `${score}: ${reading}. The least of ${sections.map(({ section, points }) => `${section} ${points}`).join(', ')}; ${tests.length - counted.length} of ${tests.length} tests count nothing.`,
    ],
    ...(counted.length > 0 && {
      table: {
        head: ['test', 'points', 'how', 'evidence'],
        rows: counted.map(({ title, points, how, evidence }) => [title, String(points), how, evidence]),
      },
    }),
  };
}

function decisionsOf({ decisions }: ModelCard): Section {
  const title = 'Decisions';
  if (decisions.length === 0) return { title, lines: ['Nobody has decided on this version.'] };
  const rows = decisions.map(({ createdAt, decision, actor, reason, handover }) => [
    when(createdAt),
    decision,
    actor,
    reason,
    handover ?? '',
  ]);
  return { title, table: { head: ['when', 'decision', 'by', 'reason', 'hand-over'], rows } };
}

function lineageOf({ lineage, version }: ModelCard): Section {
  const title = 'Where it came from';
  if (lineage.length === 0) return { title, lines: ['Nothing is recorded.'] };
  const rows = lineage.map(({ from, relation, to }) => [from, relation, to]);
  return {
    title,
    lines: [`To make it again: tidemill reproduce ${version.reference}`],
    table: { head: ['from', 'relation', 'to'], rows },
  };
}
