/** Which Python packages a model was made with, from the files that MLflow lays beside it. */

export const packageFiles = ['requirements.txt', 'python_env.yaml', 'conda.yaml'] as const;
/** Beyond these a file lists no packages. */
export const largestPackageFile = 256 * 1024;
export const mostPackageFiles = 12;

/** Name → what was asked for, such as `==1.7.2`; '' where nothing was. Later files do not overrule earlier ones. */
export function parsePackages(texts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const item = parsePackage(line);
    if (item && !found.has(item.name)) found.set(item.name, item.version);
  }
  return found;
}

/** `scikit-learn[alldeps]==1.7.2 ; python_version > "3.8"`, in YAML `- numpy=2.1` or `python: 3.11.2`. */
const pattern =
  /^\s*(?:-\s+)?["']?(?<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?<version>(?:[=<>!~]=?=?|@)[^;#"']*)?["']?\s*(?:[;#].*)?$/;
const pythonLine = /^python:\s*["']?(?<version>[\d.]+)["']?\s*$/;
/** Words of the YAML files that are no packages. */
const notPackages = new Set(['defaults', 'conda-forge']);

function parsePackage(line: string): { name: string; version: string } | null {
  const python = pythonLine.exec(line)?.groups?.version;
  if (python !== undefined) return { name: 'python', version: `==${python}` };
  const groups = pattern.exec(line)?.groups;
  if (!groups?.name || notPackages.has(groups.name)) return null;
  // conda writes one `=` where pip writes two.
  const version = (groups.version ?? '').replace(/\s+/g, '').replace(/^=(?!=)/, '==');
  // Python packages are the same in any case and with any of these between the words.
  return { name: groups.name.toLowerCase().replace(/[-_.]+/g, '-'), version };
}
