/** Hashing and checking of passwords: off the event loop, few at once, and nothing but hashes remembered. */
import { argon2, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { formatPhc, type Phc, parameters, parsePhc, saltBytes, tagLength } from './rules.ts';

const derive = promisify(argon2);

/** Each takes 19 MiB and a thread of those that files and queries need too. */
const mostAtOnce = 2;
const mostWaiting = 100;
const rememberedMs = 60_000;
const mostRemembered = 1_000;

/** Several passwords look alike by eye and not by bytes: é in one or two characters. */
const run = (password: string, { memory, passes, parallelism, salt }: Omit<Phc, 'hash'>, length: number) =>
  derive('argon2id', {
    message: Buffer.from(password.normalize('NFKC')),
    ...{ nonce: salt, memory, passes, parallelism, tagLength: length },
  });

/** Nobody's: an unknown name takes as long as a known one. */
const nobodys: Phc = { ...parameters, salt: Buffer.alloc(saltBytes), hash: Buffer.alloc(tagLength) };

export function createPasswords(clock: Clock) {
  const waiting: (() => void)[] = [];
  let running = 0;
  /** Lives as long as the process, so what is remembered says nothing outside it. */
  const key = randomBytes(32);
  const remembered = new Map<string, number>();
  const underWay = new Map<string, Promise<boolean>>();

  /** @throws passwordChecksBusy */
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < mostAtOnce) running++;
    else if (waiting.length < mostWaiting) await new Promise<void>((go) => waiting.push(go));
    else throw errors.passwordChecksBusy({ waiting: mostWaiting });
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  }

  async function isRight(password: string, phc: string | null): Promise<boolean> {
    const known = phc === null ? null : parsePhc(phc);
    const expected = known ?? nobodys;
    const hash = await inTurn(() => run(password, expected, expected.hash.length));
    return timingSafeEqual(hash, expected.hash) && known !== null;
  }

  const markOf = (password: string, phc: string) =>
    createHmac('sha256', key).update(`${phc}\0${password}`).digest('base64');

  return {
    async hash(password: string): Promise<string> {
      const salt = randomBytes(saltBytes);
      const hash = await inTurn(() => run(password, { ...parameters, salt }, tagLength));
      return formatPhc({ ...parameters, salt, hash });
    },

    isRight,

    /** Whether it was right for this hash within the last minute. */
    isRemembered(password: string, phc: string): boolean {
      return (remembered.get(markOf(password, phc)) ?? 0) > clock.now();
    },

    /** For clients that send it with each request: those at the same time are one check. */
    async isRightNow(password: string, phc: string): Promise<boolean> {
      const mark = markOf(password, phc);
      const check = underWay.get(mark) ?? isRight(password, phc).finally(() => underWay.delete(mark));
      underWay.set(mark, check);
      if (!(await check)) return false;
      if (remembered.size >= mostRemembered) remembered.clear();
      remembered.set(mark, clock.now() + rememberedMs);
      return true;
    },
  };
}

export type Passwords = ReturnType<typeof createPasswords>;
