import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

type Variables = Readonly<Record<string, string>>;

/** Where `PATH` finds the first of these programs; null when none is there. */
export async function findProgram(
  names: readonly string[],
  { PATH = '' }: Variables,
): Promise<string | null> {
  for (const name of names)
    for (const folder of PATH.split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  return null;
}

export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a short program says. */
export const ask = (
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Variables; readonly signal: AbortSignal },
): Promise<Answer> =>
  new Promise((resolve) => {
    const [program = '', ...args] = command;
    execFile(program, args, { ...options, env: { ...options.env } }, (error, stdout, stderr) =>
      resolve({ ok: error === null, stdout, stderr: stderr || (error?.message ?? '') }),
    );
  });
