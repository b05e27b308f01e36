import type { Assessment, Fairness, GapName, Leakage, Skew } from '@tidemill/contract';

type Figures = Readonly<Record<string, unknown>>;

/** What was measured of a version beside its evaluation, by the names of metrics; null where it was not. */
export interface AssessedFacts {
  /** `leakage.duplicate_share`, `leakage.suspicious`, `leakage.powers["close"]`. */
  readonly leakage: Figures | null;
  /** Of the evaluation that is held against the gate: `fairness.equal_opportunity_difference`, `fairness.columns.sex.…`. */
  readonly fairness: Figures | null;
  /** `latency.p95_ms`. */
  readonly latency: Figures | null;
  /** `skew.max_psi`, `skew.shifted`, `skew.features.close.psi`. */
  readonly skew: Figures | null;
}

type Newest = Partial<Pick<Assessment, 'leakage' | 'fairness' | 'latency' | 'skew'>>;

export function assessedFactsOf(
  { leakage = null, fairness = null, latency = null, skew = null }: Newest,
  evaluation: string,
): AssessedFacts {
  return {
    leakage: leakage && leakageFacts(leakage),
    // Gaps of other rows, or of another threshold, say nothing of this evaluation.
    fairness: fairness?.evaluation === evaluation ? fairnessFacts(fairness) : null,
    latency: latency && { ...latency, ...latency.machine, machine: latency.machine.name },
    skew: skew && skewFacts(skew),
  };
}

const leakageFacts = ({ duplicates, entities, order, powers, later, ...facts }: Leakage): Figures => ({
  ...facts,
  duplicate_rows: duplicates.rows,
  duplicate_share: duplicates.share,
  entity_rows: entities?.rows ?? null,
  entity_share: entities?.share ?? null,
  earlier_rows: order?.rows ?? null,
  earlier_share: order?.share ?? null,
  max_power: powers[0]?.power ?? null,
  powers: Object.fromEntries(powers.map(({ feature, power }) => [feature, power])),
  suspicious: powers.filter(({ suspicious }) => suspicious).map(({ feature }) => feature),
  later_rows: later.length === 0 ? null : Math.max(...later.map(({ rows }) => rows)),
});

/** The worst of the protected columns. */
function fairnessFacts({ columns, evaluation }: Fairness): Figures {
  const names = Object.keys(columns[0]?.gaps ?? {}) as GapName[];
  const worst = names.map((name) => {
    const values = columns.map(({ gaps }) => gaps[name].value).filter((value) => value !== null);
    const isRatio = name.endsWith('ratio');
    return [name, values.length === 0 ? null : isRatio ? Math.min(...values) : Math.max(...values)] as const;
  });
  return {
    evaluation,
    ...Object.fromEntries(worst),
    small_groups: columns.reduce((sum, { groups }) => sum + groups.filter(({ small }) => small).length, 0),
    columns: Object.fromEntries(
      columns.map(({ column, gaps }) => [
        column,
        {
          ...Object.fromEntries(names.map((name) => [name, gaps[name].value])),
          intervals: gaps,
        },
      ]),
    ),
  };
}

function skewFacts({ features, served, servedRows, matched }: Skew): Figures {
  const greatest = (values: readonly number[]) => (values.length === 0 ? null : Math.max(...values));
  return {
    served,
    served_rows: servedRows,
    matched_rows: matched,
    max_psi: greatest(features.map(({ psi }) => psi)),
    max_out_of_range: greatest(features.flatMap(({ outOfRange }) => outOfRange ?? [])),
    max_missing_difference: greatest(
      features.map(({ missingServed, missingTrained }) => Math.abs(missingServed - missingTrained)),
    ),
    max_unequal: greatest(features.flatMap(({ unequal }) => unequal ?? [])),
    shifted: features.filter(({ shifted }) => shifted).map(({ feature }) => feature),
    features: Object.fromEntries(features.map(({ feature, ...figures }) => [feature, figures])),
  };
}

/** How to get what a rule reads and nobody measured; `REF` stands for the version. */
export const remedies: Readonly<Record<string, string>> = {
  leakage: 'tidemill models assess leakage REF --test DATASET@N',
  fairness:
    'evaluate with --task binary --slices COLUMN, then tidemill models assess fairness REF --columns COLUMN',
  latency: 'tidemill models assess latency REF',
  skew: 'tidemill models assess skew REF --endpoint NAME (or --served DATASET@N)',
  data: 'register a version whose training set is known: a job that read it by --input',
  signature: 'evaluate with --champion, whose inputs are compared',
};

/** Facts within one that was measured, and what they take. */
export const partRemedies: Readonly<Record<string, string>> = {
  'leakage.entity_rows': 'assess leakage with --key COLUMNS',
  'leakage.entity_share': 'assess leakage with --key COLUMNS',
  'leakage.earlier_rows': 'assess leakage with --time-column COLUMN',
  'leakage.earlier_share': 'assess leakage with --time-column COLUMN',
  'leakage.max_power': 'assess leakage with --target COLUMN',
  'leakage.later_rows': 'assess leakage with --feature-times COLUMNS --label-time COLUMN',
  'skew.matched_rows': 'assess skew with --key COLUMNS',
  'skew.max_unequal': 'assess skew with --key COLUMNS',
};

/** Names that the user's own data has: `fairness.columns.sex`, `data.expectations["…"]`; any may stand in a rule. */
export function namesIn(expression: string, path: string): string[] {
  const before = path.replaceAll('.', '\\.');
  const found = expression.matchAll(
    new RegExp(`\\b${before}(?:\\.(\\w+)|\\[\\s*(?:"([^"]*)"|'([^']*)')\\s*\\])`, 'g'),
  );
  return [...found].map(([, word, double, single]) => word ?? double ?? single ?? '');
}

const gap = { value: 0.1, low: 0.05, high: 0.2 };
const exampleGaps = {
  ...{ demographic_parity_difference: gap, demographic_parity_ratio: gap, equal_opportunity_difference: gap },
  ...{ equal_opportunity_ratio: gap, equalized_odds_difference: gap, equalized_odds_ratio: gap },
};
const overlap = { columns: ['close'], rows: 0, share: 0.5, examples: [] };

/** With every name the rule reads, so that only words of ours can be misspelt. */
export function exampleAssessedFacts(expression: string): AssessedFacts {
  const features = [...namesIn(expression, 'skew.features'), 'close'];
  return assessedFactsOf(
    {
      leakage: {
        ...{ train: 'days@1', test: 'days@2', trainRows: 100, testRows: 20, duplicates: overlap },
        entities: overlap,
        order: {
          column: 'event_time',
          newestTrain: '2023-01-01',
          oldestTest: '2023-01-02',
          rows: 0,
          share: 0.5,
        },
        powers: [...namesIn(expression, 'leakage.powers'), 'close'].map((feature) => ({
          ...{ feature, measure: 'auc' as const, power: 0.5, suspicious: false },
        })),
        threshold: 0.99,
        later: [{ column: 'a', labelTime: 'b', rows: 0, share: 0.5, examples: [] }],
      },
      fairness: {
        ...{ evaluation: 'ev_1', dataset: 'days@2' },
        columns: [...namesIn(expression, 'fairness.columns'), 'sex'].map((column) => ({
          ...{ column, groups: [], gaps: exampleGaps },
        })),
      },
      latency: {
        ...{ dataset: 'days@1', runtime: 'onnx', predictions: 1000, warmup: 20 },
        ...{ p50_ms: 0.5, p95_ms: 0.5, p99_ms: 0.5, max_ms: 0.5, mean_ms: 0.5 },
        machine: { name: 'm', cpu: 'c', cores: 2, memoryBytes: 1, platform: 'linux', load: 0.5 },
      },
      skew: {
        ...{ train: 'days@1', served: 'served@1', trainRows: 100, servedRows: 20, matched: 20 },
        features: features.map((feature) => ({
          ...{ feature, psi: 0.5, pValue: 0.5, missingTrained: 0.5, missingServed: 0.5 },
          ...{ outOfRange: 0.5, unequal: 0.5, shifted: false },
        })),
      },
    },
    'ev_1',
  );
}
