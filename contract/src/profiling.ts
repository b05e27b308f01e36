import { type Static, Type } from 'typebox';
import { byVersion, literals, nullable, Row, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

const number = Type.Number();
const count = Type.Integer();
const maybe = nullable(number);
const optionalNumbers = Type.Optional(Type.Array(number));

export const ProfileHistogram = Type.Object(
  {
    edges: Type.Array(number, { description: 'ascending; milliseconds since 1970 for dates and times' }),
    counts: Type.Array(count),
  },
  { description: 'rows per bin; one edge more than bins' },
);
export type ProfileHistogram = Static<typeof ProfileHistogram>;

export const ValueCount = Type.Object({ value: Type.String(), count });
export type ValueCount = Static<typeof ValueCount>;

/** What a column's values are, as the profile reads them: it decides which of the details are there. */
export const ColumnKind = literals('numeric', 'categorical', 'boolean', 'datetime', 'text', 'empty');
export type ColumnKind = Static<typeof ColumnKind>;

export const Monotonicity = literals(
  'strictlyIncreasing',
  'increasing',
  'constant',
  'decreasing',
  'strictlyDecreasing',
  'none',
);
export type Monotonicity = Static<typeof Monotonicity>;

export const NumericDetail = Type.Object({
  sum: maybe,
  variance: nullable(Type.Number({ description: 'sample variance (n - 1)' })),
  range: maybe,
  iqr: maybe,
  mad: nullable(Type.Number({ description: 'median of the distances from the median' })),
  cv: nullable(Type.Number({ description: 'standard deviation / mean' })),
  skewness: nullable(Type.Number({ description: 'unbiased, as pandas' })),
  kurtosis: nullable(Type.Number({ description: 'unbiased excess, as pandas' })),
  quantiles: Type.Array(Type.Object({ p: number, value: number }), {
    description: '1, 5, 25, 50, 75, 95 and 99 %, interpolated',
  }),
  zeros: count,
  negatives: count,
  infinities: count,
  nans: count,
  lowest: Type.Array(Type.Object({ value: number, count })),
  highest: Type.Array(Type.Object({ value: number, count })),
});
export type NumericDetail = Static<typeof NumericDetail>;

export const TextDetail = Type.Object({
  empty: Type.Integer({ description: 'values without a character' }),
  length: Type.Object({ minimum: count, mean: number, median: number, maximum: count }),
  lengths: ProfileHistogram,
  characters: Type.Object({
    total: count,
    distinct: count,
    classes: Type.Array(ValueCount, { description: 'letters, digits, spaces, punctuation, other' }),
  }),
  words: Type.Array(ValueCount, { description: 'most frequent, lower-cased, without punctuation' }),
  readsAs: nullable(literals('numbers', 'dates', 'mixed')),
  readable: Type.Number({ description: 'share of the values that read as numbers or dates' }),
});
export type TextDetail = Static<typeof TextDetail>;

export const CategoryDetail = Type.Object({
  entropy: Type.Number({ description: 'of the shares of the values, in bits' }),
  imbalance: Type.Number({ description: '1 - entropy / log2(distinct): 0 even, 1 all in one value' }),
});
export type CategoryDetail = Static<typeof CategoryDetail>;

export const DatetimeDetail = Type.Object({
  range: nullable(Type.Number({ description: 'milliseconds from the first to the last' })),
  future: Type.Integer({ description: 'values later than the commit' }),
  interval: nullable(Type.Number({ description: 'median distance of neighbouring distinct times, ms' })),
  gaps: Type.Object({
    count: Type.Integer({ description: 'distances above twice the mean distance' }),
    longest: nullable(Type.Object({ from: Type.String(), to: Type.String(), milliseconds: number })),
  }),
});
export type DatetimeDetail = Static<typeof DatetimeDetail>;

export const ColumnProfile = Type.Object({
  column: Type.String(),
  type: Type.String(),
  kind: ColumnKind,
  count: Type.Integer({ description: 'values that are not null' }),
  nulls: count,
  distinct: count,
  unique: Type.Optional(Type.Integer({ description: 'values that occur once' })),
  minimum: nullable(Type.Union([number, Type.String()])),
  maximum: nullable(Type.Union([number, Type.String()])),
  mean: maybe,
  standardDeviation: maybe,
  quartiles: Type.Optional(nullable(Type.Array(number))),
  histogram: Type.Optional(nullable(ProfileHistogram)),
  top: Type.Optional(Type.Array(ValueCount, { description: 'the most frequent values' })),
  monotonicity: Type.Optional(Monotonicity),
  bytes: Type.Optional(Type.Integer({ description: 'compressed, in the stored files' })),
  numeric: Type.Optional(NumericDetail),
  text: Type.Optional(TextDetail),
  categories: Type.Optional(CategoryDetail),
  datetime: Type.Optional(DatetimeDetail),
  approximate: Type.Optional(
    Type.Array(Type.String(), { description: 'figures computed from a sample or a sketch' }),
  ),
});
export type ColumnProfile = Static<typeof ColumnProfile>;

/** The ones that matter most first: within a severity, warnings come in this order. */
export const warningKinds = [
  'emptyTable',
  'emptyColumn',
  'constant',
  'duplicateRows',
  'mixedTypes',
  'numbersAsText',
  'datesAsText',
  'missing',
  'infinite',
  'futureDates',
  'highCorrelation',
  'identifier',
  'imbalance',
  'skewed',
  'highCardinality',
  'zeros',
  'nonStationary',
  'seasonal',
  'gaps',
  'constantLength',
] as const;
export const WarningKind = literals(...warningKinds);
export type WarningKind = Static<typeof WarningKind>;

export const ProfileWarning = Type.Object({
  kind: WarningKind,
  severity: literals('high', 'medium', 'low'),
  columns: Type.Array(Type.String()),
  value: nullable(Type.Number({ description: 'the figure that crossed the threshold' })),
  threshold: maybe,
  message: Type.String(),
});
export type ProfileWarning = Static<typeof ProfileWarning>;

/** A symmetric table: `values[i][j]` belongs to `columns[i]` and `columns[j]`; null where it is not defined. */
export const ProfileMatrix = Type.Object({
  columns: Type.Array(Type.String()),
  values: Type.Array(Type.Array(maybe)),
});
export type ProfileMatrix = Static<typeof ProfileMatrix>;

export const ProfileCorrelations = Type.Object({
  rows: Type.Integer({ description: 'rows read; fewer than there are where the figures are of a sample' }),
  approximate: Type.Boolean(),
  spearman: nullable(ProfileMatrix),
  pearson: nullable(ProfileMatrix),
  cramersV: nullable(
    Type.Intersect([ProfileMatrix], {
      description: 'bias-corrected; numbers in ten equal bins, categories of at most 100 values',
    }),
  ),
  strongest: Type.Array(
    Type.Object({
      a: Type.String(),
      b: Type.String(),
      measure: literals('spearman', 'cramersV'),
      value: number,
    }),
  ),
});
export type ProfileCorrelations = Static<typeof ProfileCorrelations>;

export const MissingPattern = Type.Object({
  patterns: Type.Array(Type.Object({ columns: Type.Array(Type.String()), rows: count }), {
    description: 'which columns are null together, in how many rows; the commonest first',
  }),
  patternsLeftOut: count,
  correlation: nullable(ProfileMatrix),
});
export type MissingPattern = Static<typeof MissingPattern>;

export const Interaction = Type.Object({
  x: Type.String(),
  y: Type.String(),
  xEdges: Type.Array(number),
  yEdges: Type.Array(number),
  counts: Type.Array(Type.Array(count), { description: 'counts[i][j]: rows in bin i of x and bin j of y' }),
});
export type Interaction = Static<typeof Interaction>;

export const SeriesProfile = Type.Object({
  column: Type.String(),
  points: Type.Integer({ description: 'values in time order that the figures stand on' }),
  adf: nullable(
    Type.Object({
      statistic: number,
      pValue: Type.Number({ description: "MacKinnon's; below 0.05 the series is taken as stationary" }),
      lags: count,
    }),
  ),
  stationary: nullable(Type.Boolean()),
  acf: Type.Array(number, { description: 'autocorrelation at lags 0, 1, 2 …' }),
  pacf: Type.Array(number),
  confidence: Type.Number({ description: '95 % of white noise lie within ± this' }),
  periods: Type.Array(Type.Object({ period: number, power: number }), {
    description: 'dominant periods in steps of the series; power as share of the variance',
  }),
  seasonal: Type.Boolean(),
  line: Type.Array(Type.Object({ time: number, value: number }), {
    description: 'a thinned-out line to draw: milliseconds since 1970 and value',
  }),
});
export type SeriesProfile = Static<typeof SeriesProfile>;

export const ProfileSeries = Type.Object({
  time: Type.String({ description: 'the column that orders the rows' }),
  chosen: Type.Boolean({ description: 'named by the caller; otherwise it is strictly ascending' }),
  interval: nullable(Type.Number({ description: 'median step, ms' })),
  approximate: Type.Boolean(),
  columns: Type.Array(SeriesProfile),
});
export type ProfileSeries = Static<typeof ProfileSeries>;

export const Profile = Type.Object({
  reference: Type.String(),
  digest: Type.String(),
  revision: Type.Integer({ description: 'of the profile: a newer program computes anew' }),
  computedAt: Timestamp,
  seconds: Type.Number({ description: 'what computing it took' }),
  rows: count,
  cells: count,
  missingCells: count,
  bytes: Type.Integer({ description: 'of the stored files' }),
  memoryBytes: nullable(Type.Integer({ description: 'uncompressed in columns' })),
  kinds: Type.Array(Type.Object({ kind: ColumnKind, columns: count })),
  duplicates: nullable(
    Type.Object({
      rows: Type.Integer({ description: 'rows equal to one before them' }),
      share: number,
      top: Type.Array(Type.Object({ row: Row, count })),
    }),
  ),
  warnings: Type.Array(ProfileWarning, { description: 'the ones that matter most first' }),
  columns: Type.Array(ColumnProfile),
  correlations: nullable(ProfileCorrelations),
  missing: nullable(MissingPattern),
  interactions: Type.Array(Interaction),
  series: nullable(ProfileSeries),
  sample: Type.Object({ head: Type.Array(Row), tail: Type.Array(Row) }),
  leftOut: Type.Array(Type.String(), { description: 'what the profile does not say, and why' }),
});
export type Profile = Static<typeof Profile>;

export const ColumnDrift = Type.Object({
  column: Type.String(),
  change: literals('same', 'changed', 'added', 'removed', 'retyped'),
  typeBefore: nullable(Type.String()),
  typeAfter: nullable(Type.String()),
  nullsBefore: nullable(Type.Number({ description: 'share of the rows' })),
  nullsAfter: maybe,
  drift: nullable(literals('none', 'small', 'large')),
  psi: nullable(
    Type.Number({ description: 'in ten bins of equal weight of the version before, or by category' }),
  ),
  ks: nullable(Type.Object({ statistic: number, pValue: number })),
  wasserstein: nullable(Type.Number({ description: 'in the unit of the values; milliseconds for times' })),
  bins: nullable(
    Type.Object(
      {
        edges: optionalNumbers,
        categories: Type.Optional(Type.Array(Type.String())),
        before: Type.Array(number),
        after: Type.Array(number),
      },
      { description: 'both sides on one scale, as shares of their values' },
    ),
  ),
});
export type ColumnDrift = Static<typeof ColumnDrift>;

export const ProfileComparison = Type.Object({
  before: Profile,
  after: Profile,
  columns: Type.Array(ColumnDrift),
  warningsAdded: Type.Array(ProfileWarning),
  warningsGone: Type.Array(ProfileWarning),
  approximate: Type.Boolean({ description: 'drift figures are of a sample of the rows' }),
});
export type ProfileComparison = Static<typeof ProfileComparison>;

const time = Type.Optional(
  Type.String({ maxLength: 300, description: 'the column that orders the rows; default: found by itself' }),
);

const against = Type.String({
  minLength: 1,
  maxLength: 300,
  description: 'the version before: 2, latest, a tag, or of another dataset prices@2',
});

export const profilingEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/profile',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'What each column holds, what hangs together and what is wrong; computed once and kept',
    params: byVersion,
    query: strict({ time }),
    reply: Profile,
  },
  compare: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/profile/compare',
    permission: 'read',
    summary: 'The profiles of two versions side by side, with the drift of each column',
    params: byVersion,
    query: strict({ with: against, time }),
    reply: ProfileComparison,
  },
  report: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/profile.html',
    permission: 'read',
    summary: 'The profile as one HTML page that needs nothing else',
    params: byVersion,
    query: strict({ with: Type.Optional(against), time }),
    download: true,
  },
});
