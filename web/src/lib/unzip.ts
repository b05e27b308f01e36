export interface ZipFile {
  readonly path: string;
  readonly executable: boolean;
  /** Bytes, unpacked. */
  readonly size: number;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endSize = 22;
const longestComment = 65_535;
const fullField = 0xffffffff;

/** The plain files of a zip archive by its directory; links and folders are left out. @throws Error that says what is wrong */
export async function listZip(archive: Blob): Promise<ZipFile[]> {
  const tail = new DataView(await archive.slice(-(endSize + longestComment)).arrayBuffer());
  let end = tail.byteLength - endSize;
  while (end >= 0 && tail.getUint32(end, true) !== endSignature) end -= 1;
  if (end < 0) throw new Error('it is no zip archive');
  const count = tail.getUint16(end + 10, true);
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (count === 0xffff || start === fullField) throw new Error('it is a zip archive of more than 4 GiB');
  const directory = new DataView(await archive.slice(start, start + size).arrayBuffer());
  const files: ZipFile[] = [];
  for (let at = 0, entry = 0; entry < count; entry++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== entrySignature)
      throw new Error('its directory is damaged');
    const lengths = [28, 30, 32].map((offset) => directory.getUint16(at + offset, true));
    const [name = 0, extra = 0, comment = 0] = lengths;
    const file = toFile(archive, directory, at, name);
    if (file) files.push(file);
    at += 46 + name + extra + comment;
  }
  return files;
}

function toFile(archive: Blob, directory: DataView, at: number, nameLength: number): ZipFile | null {
  const path = new TextDecoder().decode(
    new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength),
  );
  // The upper half of the attributes is a mode where the archive was made on Unix; the kind of file stands in its first digits.
  const mode = directory.getUint32(at + 38, true) >>> 16;
  const kind = mode & 0o170000;
  if (path.endsWith('/') || (kind !== 0 && kind !== 0o100000)) return null;
  if ((directory.getUint16(at + 8, true) & 1) !== 0) throw new Error(`'${path}' is encrypted`);
  const method = directory.getUint16(at + 10, true);
  if (method !== 0 && method !== 8)
    throw new Error(`'${path}' is packed in a way that browsers cannot unpack`);
  const packed = directory.getUint32(at + 20, true);
  const size = directory.getUint32(at + 24, true);
  const offset = directory.getUint32(at + 42, true);
  const read = async () => {
    const head = new DataView(await archive.slice(offset, offset + 30).arrayBuffer());
    const from = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const part = archive.slice(from, from + packed);
    if (method === 0) return new Uint8Array(await part.arrayBuffer());
    const unpacked = part.stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
    if (bytes.length !== size) throw new Error(`'${path}' is damaged`);
    return bytes;
  };
  return { path, size, read, executable: (mode & 0o111) !== 0 };
}
