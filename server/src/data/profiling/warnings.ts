import {
  type ColumnProfile,
  type Profile,
  type ProfileWarning,
  type WarningKind,
  warningKinds,
} from '@tidemill/contract';

/** From where on a figure is worth a warning; those that ydata-profiling has too are its defaults. */
export const thresholds = {
  missing: 0.01,
  zeros: 0.01,
  duplicates: 0.01,
  skewness: 20,
  categories: 50,
  imbalance: 0.5,
  correlation: 0.5,
  adf: 0.05,
  mixed: 0.05,
} as const;

type Severity = ProfileWarning['severity'];
type Facts = Pick<Profile, 'rows' | 'columns' | 'duplicates' | 'correlations' | 'series'>;

const severities: readonly Severity[] = ['high', 'medium', 'low'];
const mostPairs = 30;
const most = 300;

/** What a reader of the table should know before using it, what matters most first. */
export function warningsOf(facts: Facts): ProfileWarning[] {
  if (facts.rows === 0) return [warning('emptyTable', 'high', [], 0, null, 'The table has no rows.')];
  const found = [
    ...duplicateWarnings(facts),
    ...facts.columns.flatMap((column) => columnWarnings(column, facts.rows)),
    ...correlationWarnings(facts),
    ...seriesWarnings(facts),
  ];
  const rank = (list: readonly unknown[], item: unknown) => list.indexOf(item);
  return found
    .sort(
      (a, b) =>
        rank(severities, a.severity) - rank(severities, b.severity) ||
        rank(warningKinds, a.kind) - rank(warningKinds, b.kind) ||
        Math.abs(b.value ?? 0) - Math.abs(a.value ?? 0),
    )
    .slice(0, most);
}

function warning(
  kind: WarningKind,
  severity: Severity,
  columns: readonly string[],
  value: number | null,
  threshold: number | null,
  message: string,
): ProfileWarning {
  return { kind, severity, columns: [...columns], value, threshold, message };
}

const percent = (share: number): string =>
  `${share > 0 && share < 0.001 ? 'less than 0.1' : Number((100 * share).toFixed(1))} %`;

function duplicateWarnings({ duplicates }: Facts): ProfileWarning[] {
  if (!duplicates || !(duplicates.share > thresholds.duplicates)) return [];
  const { rows, share } = duplicates;
  const severity = share > 0.1 ? 'high' : 'medium';
  const message = `${rows} rows (${percent(share)}) are equal to one before them.`;
  return [warning('duplicateRows', severity, [], share, thresholds.duplicates, message)];
}

function columnWarnings(column: ColumnProfile, rows: number): ProfileWarning[] {
  if (column.count === 0)
    return [warning('emptyColumn', 'high', [column.column], 0, null, `'${column.column}' has no values.`)];
  return [
    ...sameness(column, rows),
    ...missing(column, rows),
    ...numeric(column),
    ...written(column),
    ...categories(column),
    ...moments(column, rows),
  ];
}

function sameness({ column, type, count, distinct, unique }: ColumnProfile, rows: number): ProfileWarning[] {
  if (distinct === 1 && rows > 1)
    return [warning('constant', 'high', [column], 1, null, `'${column}' has one value only.`)];
  const names = ['integer', 'text'].includes(type) && count === rows && unique === rows && rows > 1;
  if (!names) return [];
  return [warning('identifier', 'low', [column], distinct, null, `'${column}' is different in every row.`)];
}

function missing({ column, nulls }: ColumnProfile, rows: number): ProfileWarning[] {
  const share = nulls / rows;
  if (!(share > thresholds.missing)) return [];
  const severity = share > 0.5 ? 'high' : share > 0.1 ? 'medium' : 'low';
  const message = `'${column}' is missing in ${nulls} rows (${percent(share)}).`;
  return [warning('missing', severity, [column], share, thresholds.missing, message)];
}

function numeric({ column, count, distinct, numeric: detail }: ColumnProfile): ProfileWarning[] {
  if (!detail || distinct < 2) return [];
  const found: ProfileWarning[] = [];
  const odd = detail.infinities + detail.nans;
  if (odd > 0) {
    const message = `'${column}' holds ${odd} values that are infinite or not a number; its figures are of the rest.`;
    found.push(
      warning('infinite', odd / count > 0.01 ? 'high' : 'medium', [column], odd / count, 0, message),
    );
  }
  const { skewness, zeros } = detail;
  if (skewness !== null && Math.abs(skewness) > thresholds.skewness) {
    const message = `'${column}' is very skewed (${Number(skewness.toPrecision(3))}).`;
    found.push(warning('skewed', 'medium', [column], skewness, thresholds.skewness, message));
  }
  if (zeros / count > thresholds.zeros) {
    const severity = zeros / count > 0.5 ? 'medium' : 'low';
    const message = `'${column}' is zero in ${zeros} rows (${percent(zeros / count)}).`;
    found.push(warning('zeros', severity, [column], zeros / count, thresholds.zeros, message));
  }
  return found;
}

const writtenKinds = { numbers: 'numbersAsText', dates: 'datesAsText', mixed: 'mixedTypes' } as const;

function written({ column, text }: ColumnProfile): ProfileWarning[] {
  if (!text) return [];
  const found: ProfileWarning[] = [];
  if (text.readsAs) {
    const share = percent(text.readable);
    const message =
      text.readsAs === 'mixed'
        ? `'${column}' mixes types: ${share} of its texts read as numbers or dates.`
        : `'${column}' is text, but ${share} of it reads as ${text.readsAs}.`;
    const kind = writtenKinds[text.readsAs];
    found.push(warning(kind, 'medium', [column], text.readable, thresholds.mixed, message));
  }
  const { minimum, maximum } = text.length;
  if (minimum === maximum && minimum > 0) {
    const message = `Every text in '${column}' has ${minimum} characters.`;
    found.push(warning('constantLength', 'low', [column], minimum, null, message));
  }
  return found;
}

function categories(profile: ColumnProfile): ProfileWarning[] {
  const { column, kind, count, distinct, categories: detail } = profile;
  if (detail && detail.imbalance > thresholds.imbalance) {
    const share = (profile.top?.[0]?.count ?? 0) / count;
    const message = `'${column}' is imbalanced: ${percent(share)} of its values are '${profile.top?.[0]?.value}'.`;
    return [warning('imbalance', 'medium', [column], detail.imbalance, thresholds.imbalance, message)];
  }
  if (kind !== 'text' || distinct <= thresholds.categories || distinct > count / 2) return [];
  const message = `'${column}' repeats ${distinct} different texts: many for categories.`;
  return [warning('highCardinality', 'low', [column], distinct, thresholds.categories, message)];
}

function moments({ column, datetime, maximum }: ColumnProfile, rows: number): ProfileWarning[] {
  if (!datetime) return [];
  const found: ProfileWarning[] = [];
  if (datetime.future > 0) {
    const message = `'${column}' lies in the future in ${datetime.future} rows, up to ${maximum}.`;
    found.push(warning('futureDates', 'medium', [column], datetime.future / rows, 0, message));
  }
  return found;
}

function correlationWarnings({ correlations }: Facts): ProfileWarning[] {
  return (correlations?.strongest ?? [])
    .filter(({ value }) => Math.abs(value) >= thresholds.correlation)
    .slice(0, mostPairs)
    .map(({ a, b, measure, value }) => {
      const strength = Math.abs(value);
      const severity = strength >= 0.95 ? 'high' : strength >= 0.8 ? 'medium' : 'low';
      const name = measure === 'spearman' ? 'Spearman' : "Cramér's V";
      const message = `'${a}' and '${b}' hang together (${name} ${value.toFixed(3)}).`;
      return warning('highCorrelation', severity, [a, b], value, thresholds.correlation, message);
    });
}

function seriesWarnings({ series, columns }: Facts): ProfileWarning[] {
  if (!series) return [];
  const gaps = columns.find(({ column }) => column === series.time)?.datetime?.gaps;
  const longest = gaps?.longest;
  const gap =
    gaps && longest && gaps.count > 0
      ? [
          warning(
            'gaps',
            'low',
            [series.time],
            gaps.count,
            null,
            `'${series.time}' has ${gaps.count} gaps of more than twice the mean step, the longest from ${longest.from} to ${longest.to}.`,
          ),
        ]
      : [];
  return [...series.columns.flatMap(seriesWarning), ...gap];
}

function seriesWarning({
  column,
  adf,
  stationary,
  seasonal,
  periods,
}: NonNullable<Profile['series']>['columns'][number]) {
  const found: ProfileWarning[] = [];
  if (adf && stationary === false) {
    const message = `'${column}' is not stationary: a unit root is not ruled out (ADF p = ${adf.pValue.toPrecision(2)}).`;
    found.push(warning('nonStationary', 'low', [column], adf.pValue, thresholds.adf, message));
  }
  const [strongest] = periods;
  if (seasonal && strongest) {
    const message = `'${column}' repeats every ${Number(strongest.period.toPrecision(3))} steps (${percent(strongest.power)} of its variance).`;
    found.push(warning('seasonal', 'low', [column], strongest.power, null, message));
  }
  return found;
}
