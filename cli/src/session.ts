import { type Client, createClient } from '@tidemill/sdk';
import type { Command } from 'commander';
import { printTable } from './table.ts';

export interface Session {
  readonly client: Client;
  readonly url: string;
  readonly token: string | undefined;
  /** Prints one thing: as JSON with `--json`, otherwise by `lines`. */
  show<T>(value: T, lines: (value: T) => string | readonly string[]): void;
  /** Prints a list: as JSON with `--json`, otherwise as a table or what fills it when empty. */
  list<T>(
    items: readonly T[],
    columns: Readonly<Record<string, (item: T) => unknown>>,
    whenEmpty: string,
  ): void;
  /** Prints progress; silent with `--json`. */
  say(text: string): void;
}

/** What a command's action works with: the client and the ways to print, from the global options. */
export function sessionOf(command: Command): Session {
  const options = command.optsWithGlobals<{ url: string; token?: string; json?: boolean }>();
  const print = (text: string) => process.stdout.write(`${text}\n`);
  return {
    client: createClient({ url: options.url, ...(options.token && { token: options.token }) }),
    url: options.url,
    token: options.token,
    show(value, lines) {
      if (options.json) return print(JSON.stringify(value, null, 2));
      const text = lines(value);
      print(typeof text === 'string' ? text : text.join('\n'));
    },
    list(items, columns, whenEmpty) {
      if (options.json) return print(JSON.stringify(items, null, 2));
      print(items.length === 0 ? whenEmpty : printTable(items, columns));
    },
    say(text) {
      if (!options.json) process.stderr.write(`${text}\n`);
    },
  };
}
