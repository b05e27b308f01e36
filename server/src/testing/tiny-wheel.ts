import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const write = `
import sys, zipfile
name, version, folder = sys.argv[1:]
info = f"{name}-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}.py", f"version = '{version}'\\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`;

/** Writes a package of one module that knows its version, so that pip and uv have something to install without a network. */
export async function writeWheel(folder: string, name: string, version: string): Promise<string> {
  await promisify(execFile)('python3', ['-c', write, name, version, folder]);
  return join(folder, `${name}-${version}-py3-none-any.whl`);
}

/** What makes pip and uv look into that folder alone. */
export const onlyWheelsOf = (folder: string): Record<string, string> => ({
  ...{ PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, UV_OFFLINE: '1', UV_FIND_LINKS: folder },
});
