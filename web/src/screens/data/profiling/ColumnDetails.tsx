import { Button } from '@mantine/core';
import type { ColumnProfile } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Histogram } from '../../../components/Histogram.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare } from '../../../lib/format.ts';
import { placeOf, wordsOf } from './column-text.ts';
import classes from './Profiling.module.css';

interface ColumnDetailsProps {
  readonly column: ColumnProfile;
  readonly onClose: () => void;
}

/** Everything the profile says of one column. */
export function ColumnDetails({ column, onClose }: ColumnDetailsProps) {
  const facts = [
    ...toFacts(column),
    ...toNumericFacts(column),
    ...toTimeFacts(column),
    ...toTextFacts(column),
  ];
  return (
    <Panel
      title={column.column}
      aside={
        <>
          {column.kind}, {column.type}
          <Button variant="subtle" color="gray" size="compact-xs" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <Summary>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        {column.approximate && column.approximate.length > 0 && (
          <Fact wide name="Approximate, from a sample or a sketch">
            {column.approximate.map(wordsOf).join(', ')}
          </Fact>
        )}
      </Summary>
      {column.histogram && (
        <Histogram {...column.histogram} format={placeOf(column)} width={560} height={90} />
      )}
      <div className={classes.lists}>{toLists(column)}</div>
    </Panel>
  );
}

type Facts = readonly (readonly [string, ReactNode])[];

const figure = (value: number | null | undefined) => <Figure value={value} />;
const count = (value: number | null | undefined) => <Figure count value={value} />;

const toFacts = (column: ColumnProfile): Facts => [
  ['Values', count(column.count)],
  ['Null', count(column.nulls)],
  ['Distinct', count(column.distinct)],
  ...(column.unique === undefined ? [] : [['Occur once', count(column.unique)] as const]),
  ...(column.monotonicity && column.monotonicity !== 'none'
    ? [['Order', wordsOf(column.monotonicity)] as const]
    : []),
  ...(column.categories
    ? ([
        ['Entropy', <Figure key="entropy" value={column.categories.entropy} unit="bit" />],
        ['Imbalance', figure(column.categories.imbalance)],
      ] as const)
    : []),
  ...(column.bytes === undefined ? [] : [['Stored', formatBytes(column.bytes)] as const]),
];

function toNumericFacts({ numeric, mean, standardDeviation }: ColumnProfile): Facts {
  if (!numeric) return [];
  return [
    ['Mean', figure(mean)],
    ['Deviation', figure(standardDeviation)],
    ['Variance', figure(numeric.variance)],
    ['Sum', figure(numeric.sum)],
    ['Range', figure(numeric.range)],
    ['Interquartile range', figure(numeric.iqr)],
    ['Median distance', figure(numeric.mad)],
    ['Variation', figure(numeric.cv)],
    ['Skewness', figure(numeric.skewness)],
    ['Kurtosis', figure(numeric.kurtosis)],
    ['Zeros', count(numeric.zeros)],
    ['Negative', count(numeric.negatives)],
    ['Infinite', count(numeric.infinities)],
    ['NaN', count(numeric.nans)],
  ];
}

function toTimeFacts({ datetime, minimum, maximum }: ColumnProfile): Facts {
  if (!datetime) return [];
  const { longest } = datetime.gaps;
  return [
    ['First', minimum],
    ['Last', maximum],
    ['Range', formatDuration(datetime.range)],
    ['Median step', formatDuration(datetime.interval)],
    ['Later than the commit', count(datetime.future)],
    ['Gaps', count(datetime.gaps.count)],
    ...(datetime.gaps.count > 0 && longest
      ? [
          [
            'Longest gap',
            `${longest.from} to ${longest.to} (${formatDuration(longest.milliseconds)})`,
          ] as const,
        ]
      : []),
  ];
}

function toTextFacts({ text }: ColumnProfile): Facts {
  if (!text) return [];
  const { length, characters } = text;
  return [
    ['Empty', count(text.empty)],
    [
      'Length',
      `${formatCount(length.minimum)} to ${formatCount(length.maximum)}, median ${formatNumber(length.median)}, mean ${formatNumber(length.mean)}`,
    ],
    ['Characters', `${formatCount(characters.total)}, ${formatCount(characters.distinct)} different`],
    ...(text.readsAs ? [['Reads as', `${text.readsAs}, ${formatShare(text.readable)}`] as const] : []),
  ];
}

/** The lists of a column, each a small table; one without entries is left out. */
function toLists(column: ColumnProfile): ReactNode[] {
  const { numeric, text, top = [] } = column;
  const numbers = (list: readonly { value: number; count: number }[] = []) =>
    list.map(({ value, count: times }) => [formatNumber(value), formatCount(times)] as const);
  const texts = (list: readonly { value: string; count: number }[] = []) =>
    list.map(({ value, count: times }) => [value, formatCount(times)] as const);
  const lists: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['Quantiles', (numeric?.quantiles ?? []).map(({ p, value }) => [formatShare(p), formatNumber(value)])],
    ['Most frequent', texts(top)],
    ['Lowest', numbers(numeric?.lowest)],
    ['Highest', numbers(numeric?.highest)],
    ['Words', texts(text?.words)],
    ['Characters', texts(text?.characters.classes)],
  ];
  const tables = lists
    .filter(([, entries]) => entries.length > 0)
    .map(([title, entries]) => <ValueList key={title} title={title} entries={entries} />);
  const lengths = text && text.lengths.counts.length > 1 && (
    <figure key="lengths" style={{ margin: 0 }}>
      <figcaption className="dim">Lengths</figcaption>
      <Histogram {...text.lengths} width={260} height={90} />
    </figure>
  );
  return [...tables, lengths];
}

interface ValueListProps {
  readonly title: string;
  readonly entries: readonly (readonly [string, string])[];
}

function ValueList({ title, entries }: ValueListProps) {
  return (
    <table className={classes.list}>
      <caption>{title}</caption>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row" title={name}>
              {name === '' ? <i className="dim">empty</i> : name}
            </th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
