import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { Column, ExpectationKind } from '@tidemill/sdk';
import { useId } from 'react';
import { type FormField, fieldsOf, type Texts } from './expectation-form.ts';
import { choiceWords, fieldWords, kindGroups } from './expectation-words.ts';

export interface Draft {
  readonly kind: ExpectationKind;
  readonly texts: Texts;
}

interface ExpectationFieldsProps {
  readonly draft: Draft;
  readonly columns: readonly Column[];
  readonly change: (draft: Draft) => void;
}

const kinds = kindGroups.map(({ group, kinds: words }) => ({
  group,
  items: Object.entries(words).map(([value, label]) => ({ value, label })),
}));

/** The fields that a kind of expectation takes; what another kind takes too stays when one changes one's mind. */
export function ExpectationFields({ draft, columns, change }: ExpectationFieldsProps) {
  const known = useId();
  const set = (name: string, text: string) => change({ ...draft, texts: { ...draft.texts, [name]: text } });
  return (
    <>
      <NativeSelect
        label="What is expected"
        data={kinds}
        value={draft.kind}
        onChange={(event) => change({ ...draft, kind: event.currentTarget.value as ExpectationKind })}
      />
      <div className="columns" style={{ gridTemplateColumns: '1fr 1fr', gap: 12 }}>
        {fieldsOf(draft.kind).map((field) => (
          <Entry
            key={field.name}
            field={field}
            list={known}
            text={draft.texts[field.name] ?? ''}
            set={(text) => set(field.name, text)}
          />
        ))}
      </div>
      <datalist id={known}>
        {columns.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

interface EntryProps {
  readonly field: FormField;
  /** The columns there are. */
  readonly list: string;
  readonly text: string;
  readonly set: (text: string) => void;
}

const wide = { gridColumn: '1 / -1' };
/** What stands for "not given" where the contract has a choice. */
const usual: Readonly<Record<string, string>> = { severity: 'error', match: 'exactly' };

function Entry({ field: { name, entry, isRequired, choices }, list, text, set }: EntryProps) {
  const { label = name, hint } = fieldWords[name] ?? {};
  const common = { label, required: isRequired, ...(hint && { placeholder: hint }) };
  if (entry === 'tick')
    return (
      <Checkbox
        label={label}
        style={{ alignSelf: 'end', paddingBottom: 6 }}
        checked={text === 'true'}
        onChange={(event) => set(event.currentTarget.checked ? 'true' : '')}
      />
    );
  if (entry === 'choice')
    return (
      <NativeSelect
        label={label}
        required={isRequired}
        data={[
          ...(usual[name] ? [] : [{ value: '', label: isRequired ? 'choose' : 'as the server chooses' }]),
          ...choices.map((value) => ({ value, label: choiceWords[value] ?? value })),
        ]}
        value={text || (usual[name] ?? '')}
        // The usual choice is left out, unless it was written before.
        onChange={(event) => set(event.currentTarget.value)}
      />
    );
  if (entry === 'columns' || entry === 'values' || entry === 'sql')
    return (
      <Textarea
        {...common}
        style={wide}
        autosize
        minRows={3}
        maxRows={10}
        spellCheck={false}
        value={text}
        onChange={(event) => set(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...common}
      {...(entry === 'column' && { list })}
      {...(entry === 'number' && { inputMode: 'decimal' as const })}
      {...(['where', 'description', 'pattern'].includes(name) && { style: wide })}
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}
