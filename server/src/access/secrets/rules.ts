import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Whose secret it is and which of theirs: `webhook:webhook_0190…`, `signature`. */
export interface SecretAddress {
  readonly workspace: string;
  readonly owner: string;
  readonly name: string;
}

export interface SecretKey {
  readonly bytes: Buffer;
  /** Tells keys apart and says nothing of the key. */
  readonly id: string;
  /** Where it came from, for messages. */
  readonly source: string;
}

/** What is stored: text in base64. The ciphertext ends with its authentication tag. */
export interface Sealed {
  readonly ciphertext: string;
  readonly nonce: string;
  readonly keyId: string;
}

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** 32 bytes as 64 hex digits or in base64; null for any other text: a short key is never stretched to fit. */
export function parseKey(text: string): Buffer | null {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null;
  const bytes = Buffer.from(trimmed, 'base64url');
  return bytes.length === keyBytes ? bytes : null;
}

export const newKeyText = (): string => randomBytes(keyBytes).toString('base64');

export const toKey = (bytes: Buffer, source: string): SecretKey => ({
  bytes,
  source,
  id: createHmac('sha256', bytes).update('which secret key this is').digest('hex').slice(0, 16),
});

/** Bound to its place: a row copied to another owner or name does not open there. */
const placeOf = ({ workspace, owner, name }: SecretAddress): Buffer =>
  Buffer.from(JSON.stringify([workspace, owner, name]));

export function seal(key: SecretKey, address: SecretAddress, value: string): Sealed {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key.bytes, nonce).setAAD(placeOf(address));
  const parts = [sealing.update(value, 'utf8'), sealing.final(), sealing.getAuthTag()];
  return {
    ciphertext: Buffer.concat(parts).toString('base64'),
    nonce: nonce.toString('base64'),
    keyId: key.id,
  };
}

/** Null when anything of it was changed, or the key is another. */
export function unseal(key: SecretKey, address: SecretAddress, sealed: Sealed): string | null {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const nonce = Buffer.from(sealed.nonce, 'base64');
  if (bytes.length < tagBytes || nonce.length !== nonceBytes) return null;
  const opening = createDecipheriv(cipher, key.bytes, nonce, { authTagLength: tagBytes })
    .setAAD(placeOf(address))
    .setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = Buffer.concat([opening.update(bytes.subarray(0, -tagBytes)), opening.final()]);
    return text.toString('utf8');
  } catch {
    return null;
  }
}
