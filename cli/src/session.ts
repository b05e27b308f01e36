import { type Client, createClient, defaultUrl } from '@tidemill/sdk';
import type { Command } from 'commander';
import { toJson, toPlain } from './plain-text.ts';
import { type Columns, printTable } from './table.ts';

export interface Session {
  readonly client: Client;
  readonly url: string;
  readonly token: string | undefined;
  readonly json: boolean;
  /** Prints one thing: as JSON with `--json`, otherwise by `lines`. */
  show<T>(value: T, lines: (value: T) => string | readonly string[]): void;
  /** Prints a list: as JSON with `--json`, otherwise as a table or what fills it when empty. */
  list<T>(items: readonly T[], columns: Columns<T>, whenEmpty: string): void;
  /** Prints one element of a stream: one line of JSON with `--json`. */
  stream<T>(value: T, line: (value: T) => string): void;
  /** Prints progress; silent with `--json`. */
  say(text: string): void;
}

/** What a command's action works with: the client and the ways to print, from the global options. */
export function sessionOf(command: Command): Session {
  const options = command.optsWithGlobals<{ url: string; token?: string; json?: boolean }>();
  // An empty TIDEMILL_URL is as none.
  const url = options.url || defaultUrl;
  const print = (text: string) => process.stdout.write(`${text}\n`);
  return {
    client: createClient({ url, token: options.token }),
    url,
    token: options.token,
    json: options.json ?? false,
    show(value, lines) {
      if (options.json) return print(toJson(value));
      const text = lines(value);
      print(typeof text === 'string' ? toPlain(text) : text.map(toPlain).join('\n'));
    },
    list(items, columns, whenEmpty) {
      if (options.json) return print(toJson(items));
      print(items.length === 0 ? whenEmpty : printTable(items, columns));
    },
    stream(value, line) {
      print(options.json ? toJson(value).replace(/\n\s*/g, '') : toPlain(line(value)));
    },
    say(text) {
      if (!options.json) process.stderr.write(`${toPlain(text)}\n`);
    },
  };
}

/** The answer is "no": gate refused, not equal. Scripts tell it (2) from an error (1). */
export function setVerdict(isPositive: boolean): void {
  if (!isPositive) process.exitCode = 2;
}
