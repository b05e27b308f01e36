import { Button, Modal, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { ErrorNotice } from './ErrorNotice.tsx';

interface ActionProps {
  readonly name: string;
  /** What will happen, in a sentence. */
  readonly about: ReactNode;
  readonly run: (reason: string) => Promise<unknown>;
  /** The audit trail keeps it; without one the dialog only asks for confirmation. */
  readonly reason?: 'required' | 'none';
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Quieter, for a cell of a table. */
  readonly inRow?: boolean;
  /** Further fields of the dialog. */
  readonly children?: ReactNode;
  /** Called with the answer after it succeeded. */
  readonly onDone?: (reply: unknown) => void;
}

/** A button that changes something: it says what, asks for the reason, and shows what went wrong in place. */
export function Action(props: ActionProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        onClick={() => setOpen(true)}
        disabled={props.disabled}
        {...(props.danger && !props.disabled && { c: 'var(--bad)' })}
        {...(props.inRow && { variant: 'subtle', size: 'compact-xs' })}
      >
        {props.name}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={props.name}>
        <ActionForm {...props} close={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function ActionForm({ close, ...props }: ActionProps & { readonly close: () => void }) {
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
      {props.children}
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
      {mutation.error && <ErrorNotice error={mutation.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Cancel</Button>
        <Button
          type="submit"
          variant="filled"
          {...(props.danger && { color: 'red' })}
          disabled={mutation.isPending || (needsReason && !reason.trim())}
        >
          {props.name}
        </Button>
      </div>
    </form>
  );
}
