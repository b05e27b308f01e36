import type { Db } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { ensureKey, findKey } from './key-file.ts';
import { type SecretAddress, type SecretKey, seal, toKey, unseal } from './rules.ts';
import { secretStore } from './store.ts';

export type { SecretAddress } from './rules.ts';

export interface SecretsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  /** From the environment; null keeps the key in `file`, which the first secret makes. */
  readonly key: Buffer | null;
  readonly file: string;
}

/**
 * Texts that other systems gave us and that we must be able to say again. They are sealed in the database and leave
 * it only inside this process: no reply, log, audit row or error holds one.
 */
export function createSecrets({ db, clock, key, file }: SecretsDependencies) {
  let known: SecretKey | null = key && toKey(key, 'TIDEMILL_SECRET_KEY');

  function keyFor(purpose: 'sealing' | 'opening'): SecretKey {
    known ??= purpose === 'sealing' ? ensureKey(file) : findKey(file);
    if (!known) throw errors.secretKeyMissing({ file });
    return known;
  }

  return {
    /** Refuses a key that others can read before anything relies on it. @throws secretKeyExposed, secretKeyInvalid */
    start(): void {
      known ??= findKey(file);
    },

    /** In the transaction of the owner's change. */
    async put(tx: Db, address: SecretAddress, value: string): Promise<void> {
      await secretStore(tx).save(address, seal(keyFor('sealing'), address, value), clock.now());
    },

    /** Null when there is none. @throws secretKeyMissing, secretKeyOther, secretDamaged */
    async find(address: SecretAddress): Promise<string | null> {
      const sealed = await secretStore(db).find(address);
      if (!sealed) return null;
      const current = keyFor('opening');
      const { owner, name } = address;
      if (sealed.keyId !== current.id) {
        const keys = { sealedWith: sealed.keyId, current: current.id, source: current.source };
        throw errors.secretKeyOther({ owner, name, ...keys });
      }
      const value = unseal(current, address, sealed);
      if (value === null) throw errors.secretDamaged({ owner, name });
      return value;
    },

    delete: (tx: Db, address: SecretAddress): Promise<void> => secretStore(tx).delete(address),
  };
}

export type Secrets = ReturnType<typeof createSecrets>;
