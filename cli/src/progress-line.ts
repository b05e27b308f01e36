import { toPlain } from './plain-text.ts';
import type { Session } from './session.ts';

const pauseMs = 500;
const clearLine = '\r\u001b[2K';

/** Keeps one line up to date while the work goes on, if somebody sees it: on a terminal, and not with `--json`. */
export async function withProgressLine<T>(
  { json }: Pick<Session, 'json'>,
  ask: () => Promise<string | null>,
  work: Promise<T>,
): Promise<T> {
  const { stderr } = process;
  if (json || !stderr.isTTY) return work;
  let isOver = false;
  const end = () => {
    isOver = true;
    stderr.write(clearLine);
  };
  const show = async (): Promise<void> => {
    // The work's own failure says more than that of asking how far it is.
    const line = await ask().catch(() => null);
    if (isOver) return;
    if (line !== null) stderr.write(`${clearLine}${toPlain(line).slice(0, (stderr.columns || 80) - 1)}`);
    setTimeout(show, pauseMs).unref();
  };
  setTimeout(show, pauseMs).unref();
  return work.finally(end);
}
