import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Asked } from '../lib/http-form.ts';
import { ErrorNotice } from './ErrorNotice.tsx';
import { SourceMenu } from './SourceMenu.tsx';

interface ActionProps<R> {
  readonly name: string;
  /** What will happen, in a sentence. */
  readonly about: ReactNode;
  readonly run: (reason: string) => Promise<R>;
  /** What is sent, for "as CLI" and "as HTTP". */
  readonly asked?: Asked;
  /** What must be filled in is not yet. */
  readonly incomplete?: boolean;
  /** In pixels, for a dialog with much in it. */
  readonly size?: number;
  /** The audit trail keeps it; without one the dialog only asks for confirmation. */
  readonly reason?: 'required' | 'none';
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Quieter, for a cell of a table. */
  readonly inRow?: boolean;
  /** Further fields of the dialog; one that shows itself what was refused is told. */
  readonly children?: ReactNode | ((refused: Error | null) => ReactNode);
  /** The fields say themselves what was refused, so the dialog need not. */
  readonly isTold?: (error: Error) => boolean;
  /** What the dialog needs may be fetched from now on. */
  readonly onOpen?: () => void;
  /** Called with the answer after it succeeded. */
  readonly onDone?: (reply: R) => void;
}

/** A button that changes something: it says what, asks for the reason, and shows what went wrong in place. */
export function Action<R>(props: ActionProps<R>) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
          props.onOpen?.();
        }}
        disabled={props.disabled}
        {...(props.danger && !props.disabled && { c: 'var(--bad)' })}
        {...(props.inRow && { variant: 'subtle', size: 'compact-xs' })}
      >
        {props.name}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={props.name}
        {...(props.size && { size: props.size })}
      >
        <ActionForm {...props} close={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function ActionForm<R>({ close, ...props }: ActionProps<R> & { readonly close: () => void }) {
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: () => props.run(reason.trim()),
    onSuccess: (reply) => {
      void queries.invalidateQueries();
      props.onDone?.(reply);
      close();
    },
  });
  const needsReason = props.reason !== 'none';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutation.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div>{props.about}</div>
      {typeof props.children === 'function' ? props.children(mutation.error) : props.children}
      {needsReason && (
        <Textarea
          label="Reason"
          description="Kept in the audit trail"
          autosize
          minRows={2}
          data-autofocus
          required
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
      {mutation.error && !props.isTold?.(mutation.error) && <ErrorNotice error={mutation.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        {props.asked && (
          <div className="row" style={{ marginRight: 'auto', gap: 0 }}>
            <SourceMenu asked={props.asked} />
          </div>
        )}
        <Button onClick={close}>Cancel</Button>
        <Button
          type="submit"
          variant="filled"
          {...(props.danger && { color: 'red' })}
          disabled={mutation.isPending || props.incomplete || (needsReason && !reason.trim())}
        >
          {props.name}
        </Button>
      </div>
    </form>
  );
}
