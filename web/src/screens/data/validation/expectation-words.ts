import type { ExpectationKind } from '@tidemill/sdk';

/** What each kind expects, by what it is about. */
export const kindGroups: readonly {
  readonly group: string;
  readonly kinds: Partial<Readonly<Record<ExpectationKind, string>>>;
}[] = [
  {
    group: 'Each value',
    kinds: {
      notNull: 'is not missing',
      unique: 'stands in one row only',
      between: 'lies between bounds',
      inSet: 'is one of a set',
      notInSet: 'is none of a set',
      matchesRegex: 'matches a pattern',
      notMatchesRegex: 'matches no pattern',
      lengthBetween: 'has a length between bounds',
      dateParseable: 'reads as a date',
    },
  },
  {
    group: 'Rows beside each other',
    kinds: {
      pair: 'two columns compared',
      increasing: 'a column increases',
      decreasing: 'a column decreases',
    },
  },
  {
    group: 'The table',
    kinds: {
      rowCount: 'number of rows',
      freshness: 'age of the newest row',
      columnSet: 'which columns there are',
      ofType: 'type of a column',
      sql: 'a SELECT finds no row',
    },
  },
  {
    group: 'A figure of the column',
    kinds: {
      meanBetween: 'mean',
      medianBetween: 'median',
      stdBetween: 'standard deviation',
      sumBetween: 'sum',
      minBetween: 'smallest value',
      maxBetween: 'largest value',
      quantileBetween: 'quantile',
      distinctCountBetween: 'number of distinct values',
      uniqueShareBetween: 'share of distinct values',
      distribution: 'distributed as in another version',
    },
  },
];

/** What a field is called; a field of the contract that is not here stands under its own name. */
export const fieldWords: Readonly<Record<string, { readonly label: string; readonly hint?: string }>> = {
  column: { label: 'Column' },
  other: { label: 'Other column' },
  columns: { label: 'Columns', hint: 'One a line' },
  groupBy: { label: 'Within groups of', hint: 'Columns, one a line' },
  values: { label: 'Values', hint: 'One a line' },
  min: { label: 'At least' },
  max: { label: 'At most' },
  strictMin: { label: 'The lower bound itself is outside' },
  strictMax: { label: 'The upper bound itself is outside' },
  pattern: { label: 'Pattern', hint: 'RE2; it may match any part' },
  format: { label: 'Format', hint: 'strptime: %d/%m/%Y; without one ISO 8601' },
  strictly: { label: 'Equal neighbours are refused' },
  operator: { label: 'Is' },
  type: { label: 'Type' },
  match: { label: 'Match' },
  maxChange: { label: 'Change at most', hint: 'From the version before: 0.2 for 20 %' },
  maxAgeHours: { label: 'Hours at most' },
  quantile: { label: 'Quantile', hint: '0 to 1' },
  version: { label: 'Version', hint: 'previous, 3, a tag, or name@3' },
  method: { label: 'Measure' },
  threshold: { label: 'Threshold' },
  alpha: { label: 'False alarms', hint: 'Share of sound versions refused: 0.01' },
  sql: { label: 'Statement', hint: 'Each row it finds is a violation' },
  where: { label: 'Only rows where', hint: 'A condition in SQL' },
  mostly: { label: 'Mostly', hint: 'Share of rows, 0 to 1' },
  severity: { label: 'Otherwise' },
  description: { label: 'Why', hint: 'Shown beside what is found' },
};

/** Choices that say more in words. */
export const choiceWords: Readonly<Record<string, string>> = {
  error: 'the version is refused',
  warn: 'the version is marked',
  exactly: 'exactly these, in any order',
  ordered: 'exactly these, in this order',
  contains: 'at least these',
  psi: 'PSI',
  ks: 'Kolmogorov-Smirnov',
  js: 'Jensen-Shannon',
  chiSquare: 'chi-square',
};
