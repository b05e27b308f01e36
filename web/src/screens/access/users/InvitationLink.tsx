import { Button, Modal } from '@mantine/core';
import type { Invitation } from '@tidemill/sdk';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { Time } from '../../../components/Time.tsx';

interface InvitationLinkProps {
  readonly name: string;
  readonly invitation: Invitation | null;
  readonly close: () => void;
}

/** The link by which somebody chooses a password, shown once. */
export function InvitationLink({ name, invitation, close }: InvitationLinkProps) {
  return (
    <Modal opened={invitation !== null} onClose={close} title={`Invitation for ${name}`}>
      {invitation && (
        <div className="stack">
          <p>
            Give {name} this link: by it they choose a password, once, until{' '}
            <Time at={invitation.expiresAt} />. It is not shown again.
          </p>
          <CommandLine>{`${location.origin}/ui/login#invitation=${invitation.secret}`}</CommandLine>
          <Button variant="filled" onClick={close}>
            I have it
          </Button>
        </div>
      )}
    </Modal>
  );
}
