import { Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Action } from '../../../components/Action.tsx';

interface TextActionProps {
  readonly name: string;
  readonly about: ReactNode;
  readonly label: string;
  /** What stands there now. */
  readonly initial: string;
  readonly isLong?: boolean;
  readonly inRow?: boolean;
  readonly run: (text: string) => Promise<unknown>;
  readonly onDone?: (text: string) => void;
}

/** A change that is one text. */
export function TextAction({ label, initial, isLong, run, onDone, ...action }: TextActionProps) {
  const [text, setText] = useState(initial);
  const field = {
    label,
    value: text,
    'data-autofocus': true,
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      setText(event.currentTarget.value),
  };
  return (
    <Action {...action} reason="none" run={() => run(text)} onDone={() => onDone?.(text)}>
      {isLong ? <Textarea autosize minRows={3} {...field} /> : <TextInput {...field} />}
    </Action>
  );
}
