import type { Column, Expectation, ExpectationList } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { type Draft, ExpectationFields } from './ExpectationFields.tsx';
import { isComplete, toExpectation, toTexts } from './expectation-form.ts';

interface EditActionProps {
  readonly list: ExpectationList;
  readonly columns: readonly Column[];
  /** The one to edit; without it another is added. */
  readonly index?: number;
}

const fresh: Draft = { kind: 'notNull', texts: {} };

/** One expectation by its fields; the list goes as a whole, as everywhere. */
export function EditAction({ list, columns, index }: EditActionProps) {
  const before = index === undefined ? undefined : list.expectations[index];
  const [draft, setDraft] = useState<Draft>(before ? { kind: before.kind, texts: toTexts(before) } : fresh);
  const made = toExpectation(draft.kind, draft.texts, columns);
  const expectations =
    index === undefined ? [...list.expectations, made] : list.expectations.with(index, made);
  return (
    <Action
      {...send('validation', 'putExpectations', { name: list.dataset, expectations })}
      inRow={before !== undefined}
      name={before ? 'Edit' : 'Add'}
      about={`Commits to ${list.dataset} from now on are held against it.`}
      reason="none"
      size={620}
      incomplete={!isComplete(draft.kind, draft.texts)}
      onDone={() => before || setDraft(fresh)}
    >
      <ExpectationFields draft={draft} columns={columns} change={setDraft} />
    </Action>
  );
}

interface RemoveActionProps {
  readonly list: ExpectationList;
  readonly index: number;
}

export function RemoveAction({ list, index }: RemoveActionProps) {
  const expectations: Expectation[] = list.expectations.toSpliced(index, 1);
  return (
    <Action
      {...send('validation', 'putExpectations', { name: list.dataset, expectations })}
      inRow
      danger
      name="Remove"
      about={`It is no longer expected that ${list.titles[index]}.`}
      reason="none"
    />
  );
}
