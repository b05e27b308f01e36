import { NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { TidemillClientError } from '@tidemill/sdk';
import { useEffect, useRef } from 'react';
import type { useFields } from '../../../lib/use-fields.ts';
import classes from './FeatureView.module.css';
import type { PushColumn } from './push-rows.ts';

type Texts = Readonly<Record<string, string>>;

interface PushFieldsProps {
  readonly columns: readonly PushColumn[];
  /** Rows may also go into a dataset. */
  readonly hasDataset: boolean;
  readonly how: ReturnType<typeof useFields<{ to: string; as: string; json: string; key: string }>>;
  /** What stands in the field of each column. */
  readonly texts: Texts;
  readonly onTexts: (texts: Texts) => void;
  readonly refused: Error | null;
  /** Why what was typed is no rows. */
  readonly problem: string | null;
}

const places = [
  { value: 'online_and_offline', label: 'For look-ups and into the dataset' },
  { value: 'online', label: 'For look-ups' },
  { value: 'offline', label: 'Into the dataset' },
];

const ways = [
  { value: 'fields', label: 'One row' },
  { value: 'json', label: 'JSON' },
];

/** Which row and column the server would not take, and why. */
function refusalOf(error: Error | null) {
  if (!(error instanceof TidemillClientError) || error.code !== 'pushInvalid') return null;
  const { row, column, reason } = error.details;
  return { row: Number(row), column: String(column), reason: String(reason) };
}

/** Where rows go, and one of them by its fields or many as JSON; what is refused is said where it stands. */
export function PushFields({ how, problem, ...props }: PushFieldsProps) {
  const { fields, bind, set } = how;
  const refusal = refusalOf(props.refused);
  return (
    <>
      {props.hasDataset && <NativeSelect label="To" data={places} {...bind('to')} />}
      <SegmentedControl
        size="xs"
        aria-label="rows as"
        style={{ alignSelf: 'start' }}
        data={ways}
        value={fields.as}
        onChange={(as) => set({ as })}
      />
      {fields.as === 'fields' ? (
        <RowFields {...props} refusal={refusal} />
      ) : (
        <Textarea
          label="Rows"
          description={'A list of objects, or one object a line'}
          placeholder={exampleOf(props.columns)}
          autosize
          minRows={6}
          maxRows={16}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          error={problem ?? (refusal && `Row ${refusal.row}, ${refusal.column} ${refusal.reason}`)}
          {...bind('json')}
        />
      )}
      {fields.to !== 'online' && (
        <TextInput
          label="Key"
          description="Sent again with the same key, the rows are appended once"
          maxLength={200}
          {...bind('key')}
        />
      )}
    </>
  );
}

const exampleOf = (columns: readonly PushColumn[]) =>
  `{${columns
    .slice(0, 4)
    .map(({ name }) => `"${name}": …`)
    .join(', ')}}`;

interface RowFieldsProps extends Pick<PushFieldsProps, 'columns' | 'texts' | 'onTexts'> {
  readonly refusal: ReturnType<typeof refusalOf>;
}

function RowFields({ columns, texts, onTexts, refusal }: RowFieldsProps) {
  const form = useRef<HTMLDivElement>(null);
  const wrong = refusal?.column;
  // A view of hundreds of features: the field that is wrong may be far out of sight.
  useEffect(() => {
    if (wrong !== undefined) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [wrong]);
  return (
    <div ref={form} className={classes.fields}>
      {columns.map(({ name, type, isRequired, hint }, index) => (
        <TextInput
          key={name}
          {...(index === 0 && { 'data-autofocus': true })}
          label={`${name} (${type})`}
          withAsterisk={isRequired}
          placeholder={hint}
          error={name === wrong && refusal?.reason}
          value={texts[name] ?? ''}
          onChange={(event) => onTexts({ ...texts, [name]: event.currentTarget.value })}
        />
      ))}
    </div>
  );
}
