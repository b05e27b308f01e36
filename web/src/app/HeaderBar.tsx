import { Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Identity } from '@tidemill/sdk';
import { Action } from '../components/Action.tsx';
import { LiveBadge } from '../components/LiveBadge.tsx';
import { StatusBadge } from '../components/StatusBadge.tsx';
import { ask, client } from '../lib/client.ts';
import { leave } from '../lib/login.ts';
import classes from './Shell.module.css';

/** Whether automation runs, whether the screen is live, who looks at it. */
export function HeaderBar() {
  const status = useQuery(ask('system', 'status', {}));
  const who = useQuery(ask('access', 'whoami', {}));
  return (
    <div className={classes.header}>
      <div className={classes.paused}>
        {status.data?.paused && (
          <StatusBadge
            state="paused"
            word={`Automation is paused${status.data.pauseReason ? `: ${status.data.pauseReason}` : ''}`}
          />
        )}
      </div>
      {status.data && <PauseSwitch paused={status.data.paused} />}
      <Link to="/status">Status</Link>
      <LiveBadge />
      <span className={classes.who}>{who.data && <Who {...who.data} />}</span>
      <SchemeSwitch />
    </div>
  );
}

/** Who is logged in, and the way out; on the server's own machine, the way in. */
function Who({ actor, role, workspace, via }: Identity) {
  const title = `${role} in workspace ${workspace}`;
  const words = `${actor} (${role})`;
  const isUser = actor.startsWith('user:') && via !== 'local';
  return (
    <>
      {isUser ? (
        <Link to="/account" title={title}>
          {words}
        </Link>
      ) : (
        <span title={title}>{words}</span>
      )}
      {via === 'local' ? (
        <Button component="a" href="/ui/login" variant="subtle" color="gray" c="dimmed">
          Log in
        </Button>
      ) : (
        <Button variant="subtle" color="gray" c="dimmed" onClick={() => void leave()}>
          {via === 'session' ? 'Log out' : 'Forget token'}
        </Button>
      )}
    </>
  );
}

function PauseSwitch({ paused }: { readonly paused: boolean }) {
  return paused ? (
    <Action
      name="Resume automation"
      about="Tasks are leased again: jobs, sweeps, monitors and loop runs go on where they stood."
      reason="none"
      run={() => client().system.resume()}
    />
  ) : (
    <Action
      name="Pause automation"
      about="No task is started until you resume. Endpoints go on answering, and a rollback still works."
      run={(reason) => client().system.pause({ reason })}
    />
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  return (
    <Button variant="subtle" color="gray" c="dimmed" miw={56} onClick={() => setColorScheme(next)}>
      {next === 'dark' ? 'Dark' : 'Light'}
    </Button>
  );
}
