import { Button, Popover } from '@mantine/core';
import { toCommand } from '../lib/cli-commands.ts';
import { type Asked, toCurl, toHttp } from '../lib/http-form.ts';
import { CommandLine } from './CommandLine.tsx';
import classes from './SourceMenu.module.css';

/** What this screen shows, for a terminal: nothing in the UI needs a secret door. */
export function SourceMenu({ asked }: { readonly asked: Asked }) {
  const command = toCommand(asked);
  const http = toHttp(asked);
  return (
    <>
      {command && <Source name="as CLI" line={command} />}
      {http && (
        <Source name="as HTTP" line={toCurl(http, location.origin)} about={`${http.method} ${http.path}`} />
      )}
    </>
  );
}

function Source({ name, line, about }: { name: string; line: string; about?: string }) {
  return (
    <Popover width="max-content">
      <Popover.Target>
        <Button variant="subtle" color="gray" c="dimmed">
          {name}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.panel}>
        {about && <p className={classes.about}>{about}</p>}
        <CommandLine>{line}</CommandLine>
      </Popover.Dropdown>
    </Popover>
  );
}
